"""What was said since the start, and the log file behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QFontDatabase, QGuiApplication, QPainter
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QListView,
    QPlainTextEdit,
    QPushButton,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from console.domain.notice import Level, Notice
from console.models.notices import NoticeModel, NoticeRole
from console.views.words import clock, full_time, tr
from widgets.empty_state import EmptyState
from widgets.icons import icon, pixmap
from widgets.segments import Segments
from widgets.theme import current_theme, font, line_height, set_kind

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtCore import QModelIndex, QPersistentModelIndex

    from console.parts import ConsoleParts

LEVEL_LOOKS = {
    Level.INFO: ("info", "accent"),
    Level.WARNING: ("warning", "caution"),
    Level.ERROR: ("error", "alert"),
}
TAIL_BYTES = 200_000


class LogWindow(QDialog):
    """Messages in plain words, the console's and the server's log files, and a way to copy all of it."""

    def __init__(self, parts: ConsoleParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Log"))
        self.resize(760, 480)
        self.choice = Segments(
            [
                ("messages", self.tr("Messages")),
                ("console", self.tr("Console log")),
                ("server", self.tr("Server log")),
            ]
        )
        self.choice.set_current("messages")
        self.choice.chosen.connect(self._show)
        self._model = NoticeModel(parts.notices, self)
        self.messages = QListView()
        self.messages.setModel(self._model)
        self.messages.setItemDelegate(_NoticeDelegate(self.messages))
        self.messages.setAccessibleName(self.tr("Messages"))
        self.messages.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.messages.setResizeMode(QListView.ResizeMode.Adjust)
        self._model.rowsInserted.connect(lambda *_: self._show(self.choice.current()))
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self._empty = EmptyState(
            picture="log",
            title=self.tr("Nothing was said yet"),
            text=self.tr("Errors and changes of state are kept here until Gatehouse is closed."),
        )
        self._pages = QStackedWidget()
        for page in (self.messages, self.text, self._empty):
            self._pages.addWidget(page)
        copy = QPushButton(icon("copy"), self.tr("Copy all"))
        copy.clicked.connect(self.copy_all)
        folder = QPushButton(self.tr("Open the folder"))
        folder.clicked.connect(self._open_folder)
        close = QPushButton(self.tr("Close"))
        close.clicked.connect(self.accept)
        self._where = QLabel()
        set_kind(self._where, "hint")
        head = QHBoxLayout()
        head.addWidget(self.choice)
        head.addStretch(1)
        foot = QHBoxLayout()
        foot.addWidget(copy)
        foot.addWidget(folder)
        foot.addWidget(self._where, stretch=1)
        foot.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.addLayout(head)
        layout.addWidget(self._pages, stretch=1)
        layout.addLayout(foot)
        self._show("messages")

    def copy_all(self) -> None:
        """Put what is shown into the clipboard."""
        if self._pages.currentWidget() is self.text:
            text = self.text.toPlainText()
        else:
            text = "\n".join(map(as_line, self._parts.notices.rows))
        QGuiApplication.clipboard().setText(text)
        self._where.setText(self.tr("Copied"))

    def _show(self, which: str) -> None:
        self._where.setText("")
        if which == "messages":
            rows = self._model.rowCount()
            self._pages.setCurrentWidget(self.messages if rows else self._empty)
            self.messages.scrollToBottom()
            return
        file = self._file(which)
        self.text.setPlainText(tail_of(file))
        self.text.verticalScrollBar().setValue(self.text.verticalScrollBar().maximum())
        self._pages.setCurrentWidget(self.text)

    def _file(self, which: str) -> Path:
        if which == "console":
            return self._parts.paths.log / "console.log"
        return self._parts.paths.data / "logs" / "server.log"

    def _open_folder(self) -> None:
        which = self.choice.current()
        folder = self._file("console" if which == "messages" else which).parent
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))


def tail_of(file: Path) -> str:
    """The end of a log file; a sentence where there is none."""
    try:
        with file.open("rb") as opened:
            opened.seek(0, 2)
            opened.seek(max(0, opened.tell() - TAIL_BYTES))
            return opened.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return tr("There is no such file yet: {file}").format(file=file)
    except OSError as error:
        return str(error)


def as_line(notice: Notice) -> str:
    """A notice as one line of text."""
    source = f"{notice.source}: " if notice.source else ""
    remedy = f" {notice.remedy}" if notice.remedy else ""
    return f"{full_time(notice.at)} {notice.level.upper()} {source}{notice.text}{remedy}"


class _NoticeDelegate(QStyledItemDelegate):
    def sizeHint(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        notice: Notice = index.data(NoticeRole.NOTICE)
        lines = 2 if notice.remedy else 1
        return QSize(option.rect.width(), lines * (line_height() + 2) + 12)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        notice: Notice = index.data(NoticeRole.NOTICE)
        theme, area = current_theme(), option.rect
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(area, theme.colour("selected"))
        painter.setPen(theme.colour("line"))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        name, role = LEVEL_LOOKS[notice.level]
        sign = pixmap(name, 16, role, ratio=painter.device().devicePixelRatio())
        painter.drawPixmap(area.left() + 8, area.top() + 7, sign)
        painter.setFont(font(0.89))
        painter.setPen(theme.colour("text_3"))
        time = clock(notice.at)
        left = area.left() + 40 + painter.fontMetrics().horizontalAdvance("00:00:00")
        high = line_height() + 2
        painter.drawText(area.left() + 32, area.top() + 6, 200, high, 0, time)
        painter.setFont(font())
        elide, metrics = Qt.TextElideMode.ElideRight, painter.fontMetrics()
        room = area.right() - left - 10
        source = f"{notice.source}: " if notice.source else ""
        painter.setPen(theme.colour("text"))
        text = metrics.elidedText(source + notice.text, elide, room)
        painter.drawText(left, area.top() + 6, room, high, 0, text)
        if notice.remedy:
            painter.setPen(theme.colour("text_2"))
            remedy = metrics.elidedText(notice.remedy, elide, room)
            painter.drawText(left, area.top() + 6 + high, room, high, 0, remedy)
        painter.restore()
