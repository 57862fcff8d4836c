"""ONVIF: discovery, media profiles, PTZ."""
