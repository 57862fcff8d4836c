"""Sample cameras: drawn scenes, encoded live and served over RTSP like real ones."""
