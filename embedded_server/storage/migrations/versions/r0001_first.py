"""The first catalogue."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make every table and the default tenant."""
    op.create_table(
        "change",
        sa.Column("seq", ROW_ID, nullable=False),
        sa.Column("tenant", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("camera", sa.Integer(), nullable=True),
        sa.Column("entity", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_change")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_change_at", "change", ["at"], unique=False)
    op.create_table(
        "label",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
        sa.UniqueConstraint("name", name=op.f("uq_label_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "setting",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_setting")),
    )
    op.create_table(
        "tenant",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "camera",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("tenant", ROW_ID, server_default=sa.text("1"), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("secrets", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name=op.f("fk_camera_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_camera")),
        sa.UniqueConstraint("slug", name=op.f("uq_camera_slug")),
        sa.UniqueConstraint("uuid", name=op.f("uq_camera_uuid")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "user",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("uuid", sa.String(length=36), nullable=False),
        sa.Column("tenant", ROW_ID, server_default=sa.text("1"), nullable=False),
        sa.Column("username", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=True),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("token_epoch", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_sign_in_at", sa.BigInteger(), nullable=True),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name=op.f("fk_user_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user")),
        sa.UniqueConstraint("username", name=op.f("uq_user_username")),
        sa.UniqueConstraint("uuid", name=op.f("uq_user_uuid")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "event",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("tenant", ROW_ID, server_default=sa.text("1"), nullable=False),
        sa.Column("camera", ROW_ID, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("reported_at", sa.BigInteger(), nullable=False),
        sa.Column("label", ROW_ID, nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("label_mask", sa.BigInteger(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("risk_score", sa.Integer(), nullable=False),
        sa.Column("risk_level", sa.Integer(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=True),
        sa.Column("reasoning", sa.Text(), nullable=True),
        sa.Column("zone", sa.String(length=120), nullable=True),
        sa.Column("box", sa.JSON(), nullable=True),
        sa.Column("reviewed", sa.Boolean(), nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=255), nullable=True),
        sa.Column("flagged", sa.Boolean(), nullable=False),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("snooze_until", sa.BigInteger(), nullable=True),
        sa.Column("detection_count", sa.Integer(), nullable=False),
        sa.Column("snapshot", sa.String(length=200), nullable=True),
        sa.Column("crop", sa.String(length=200), nullable=True),
        sa.Column("deleted_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("metadata", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["camera"], ["camera.id"], name=op.f("fk_event_camera")),
        sa.ForeignKeyConstraint(["label"], ["label.id"], name=op.f("fk_event_label")),
        sa.ForeignKeyConstraint(["tenant"], ["tenant.id"], name=op.f("fk_event_tenant")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("key", name=op.f("uq_event_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ev_camera",
        "event",
        ["camera", "started_at", "id", "risk_level", "severity", "reviewed", "label_mask"],
        unique=False,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ev_level",
        "event",
        [
            "tenant",
            "risk_level",
            "started_at",
            "id",
            "camera",
            "severity",
            "reviewed",
            "label_mask",
        ],
        unique=False,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ev_severity",
        "event",
        [
            "tenant",
            "severity",
            "started_at",
            "id",
            "camera",
            "risk_level",
            "reviewed",
            "label_mask",
        ],
        unique=False,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ev_time",
        "event",
        [
            "tenant",
            "started_at",
            "id",
            "camera",
            "risk_level",
            "severity",
            "reviewed",
            "label_mask",
        ],
        unique=False,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ev_trash",
        "event",
        ["tenant", "deleted_at", "id"],
        unique=False,
        sqlite_where=sa.text("deleted_at IS NOT NULL"),
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.create_index(
        "ev_unreviewed",
        "event",
        ["tenant", "started_at", "id", "camera", "risk_level", "severity", "label_mask"],
        unique=False,
        sqlite_where=sa.text("deleted_at IS NULL AND NOT reviewed"),
        postgresql_where=sa.text("deleted_at IS NULL AND NOT reviewed"),
    )
    op.create_table(
        "gap",
        sa.Column("camera", ROW_ID, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["camera"], ["camera.id"], name=op.f("fk_gap_camera")),
        sa.PrimaryKeyConstraint("camera", "started_at", name=op.f("pk_gap")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "run",
        sa.Column("camera", ROW_ID, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["camera"], ["camera.id"], name=op.f("fk_run_camera")),
        sa.PrimaryKeyConstraint("camera", "started_at", name=op.f("pk_run")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "segment",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("camera", ROW_ID, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("codec", sa.String(length=20), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("header_length", sa.Integer(), nullable=False),
        sa.Column("fragments", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("is_garbage", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.ForeignKeyConstraint(["camera"], ["camera.id"], name=op.f("fk_segment_camera")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segment")),
        sa.UniqueConstraint("camera", "name", name=op.f("uq_segment_camera")),
        sqlite_autoincrement=True,
    )
    op.create_index("seg_camera", "segment", ["camera", "started_at", "ended_at"], unique=False)
    op.create_index(
        "seg_garbage",
        "segment",
        ["id"],
        unique=False,
        sqlite_where=sa.text("is_garbage"),
        postgresql_where=sa.text("is_garbage"),
    )
    op.create_index("seg_time", "segment", ["started_at"], unique=False)
    op.create_table(
        "event_label",
        sa.Column("tenant", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("label", ROW_ID, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("event_id", ROW_ID, nullable=False),
        sa.Column("camera", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["event.id"], name=op.f("fk_event_label_event_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["label"], ["label.id"], name=op.f("fk_event_label_label")),
        sa.PrimaryKeyConstraint(
            "tenant", "label", "started_at", "event_id", name=op.f("pk_event_label")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_event_label_event", "event_label", ["event_id"], unique=False)
    op.execute("INSERT INTO tenant (id, name) VALUES (1, 'default')")
