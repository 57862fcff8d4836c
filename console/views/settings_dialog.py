"""Settings: the page is made from their declaration."""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from console.domain.errors import ConsoleError
from console.settings import Values
from widgets.text import wrapped
from widgets.theme import set_kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic.fields import FieldInfo

    from console.parts import ConsoleParts

CHOICES = {
    "dark": "Dark",
    "light": "Light",
    "system": "As the desktop",
    "1": "1 tile",
    "4": "2 × 2",
    "9": "3 × 3",
    "16": "4 × 4",
    "25": "5 × 5",
    "1+5": "1 large, 5 small",
}


class SettingsDialog(QDialog):
    """Every change is in force at once; nothing has to be confirmed."""

    def __init__(self, parts: ConsoleParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = parts.settings
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Settings"))
        self.setMinimumWidth(500)
        heading = QLabel(self.tr("Settings"))
        set_kind(heading, "heading")
        form = QFormLayout()
        form.setVerticalSpacing(12)
        form.setHorizontalSpacing(18)
        self.editors: dict[str, QWidget] = {}
        for name, field in Values.model_fields.items():
            editor = self._editor(name, field)
            title = field.title or name
            editor.setAccessibleName(title)
            editor.setAccessibleDescription(field.description or "")
            self.editors[name] = editor
            column = QVBoxLayout()
            column.setSpacing(1)
            column.addWidget(editor, alignment=Qt.AlignmentFlag.AlignLeft)
            column.addWidget(wrapped(field.description or "", "hint"))
            form.addRow(title, column)
        self._error = wrapped(kind="error")
        self._error.hide()
        close = QPushButton(self.tr("Close"))
        close.setDefault(True)
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addWidget(wrapped(self.tr("Changes are in force at once."), "hint"), stretch=1)
        foot.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(14)
        layout.addWidget(heading)
        layout.addLayout(form)
        layout.addWidget(self._error)
        layout.addStretch(1)
        layout.addLayout(foot)

    def _editor(self, name: str, field: FieldInfo) -> QWidget:
        value = getattr(self._settings.values, name)
        set_it = self._setter(name)
        if isinstance(value, bool):
            box = QCheckBox(self.tr("On"))
            box.setChecked(value)
            box.toggled.connect(set_it)
            return box
        if isinstance(value, (int, float)):
            low, high = _bounds(field)
            spin: QDoubleSpinBox | QSpinBox
            if isinstance(value, float):
                spin = QDoubleSpinBox()
                spin.setRange(low, high)
                spin.setValue(value)
            else:
                spin = QSpinBox()
                spin.setRange(low, high)
                spin.setValue(value)
            spin.setSuffix(self.tr(" s"))
            spin.valueChanged.connect(set_it)
            return spin
        choice = QComboBox()
        for option in typing.get_args(field.annotation):
            choice.addItem(self.tr(CHOICES.get(option, option)), option)
        choice.setCurrentIndex(choice.findData(value))
        choice.activated.connect(lambda place: set_it(choice.itemData(place)))
        return choice

    def _setter(self, name: str) -> Callable[[Any], None]:
        def set_it(value: Any) -> None:
            try:
                self._settings.change(**{name: value})
            except ConsoleError as error:
                self._error.setText(f"{error} {error.remedy or ''}".rstrip())
                self._error.show()
            else:
                self._error.hide()

        return set_it


def _bounds(field: FieldInfo) -> tuple[int, int]:
    low = next((item.ge for item in field.metadata if hasattr(item, "ge")), 0)
    high = next((item.le for item in field.metadata if hasattr(item, "le")), 99999)
    return int(low), int(high)
