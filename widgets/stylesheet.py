"""The one stylesheet, made from the roles of a theme."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from widgets.theme import Theme


def stylesheet(theme: Theme) -> str:
    """Qt style sheet in the colours of a theme."""
    colours = {field.name: str(getattr(theme, field.name)) for field in fields(theme)}
    return Template(_SHEET).substitute(colours, images=_IMAGES)


_IMAGES = (Path(__file__).parent / "images").as_posix()


_SHEET = """
* { outline: none; }
QWidget { color: $text; }
QMainWindow, QDialog, QWidget[kind="page"] { background: $background; }
QDialog { border: 1px solid $line; }
QWidget[kind="panel"] { background: $panel; }
QWidget[kind="bar"] { background: $panel; border-bottom: 1px solid $line; }
QWidget[kind="footer"] { background: $panel; border-top: 1px solid $line; }
QWidget[kind="card"] { background: $panel; border: 1px solid $line; border-radius: 8px; }
QWidget[kind="popup"] { background: $panel; border: 1px solid $line; border-radius: 10px; }
QWidget[kind="alarm_bar"] { background: $alert_soft; border-bottom: 1px solid $alert; }
QLabel[kind="alarm"] { color: $alert; font-weight: 600; }
QToolTip { background: $raised; color: $text; border: 1px solid $line; padding: 5px 7px; }

QLabel { background: transparent; }
QLabel[kind="title"] { font-weight: 600; }
QLabel[kind="heading"] { font-size: 15pt; font-weight: 600; }
QLabel[kind="secondary"] { color: $text_2; }
QLabel[kind="caption"] { color: $text_3; font-size: 8pt; font-weight: 600; letter-spacing: 1px; }
QLabel[kind="hint"] { color: $text_3; }
QLabel[kind="error"] { color: $alert; }
QLabel[kind="ok"] { color: $ok; }
QLabel[kind="key"] { background: $raised; border: 1px solid $line; border-radius: 4px;
    padding: 1px 6px; color: $text_2; font-size: 8pt; }
QLabel[kind="clock"] { font-weight: 600; padding: 0 4px; }

QPushButton, QToolButton { background: $raised; border: 1px solid $line; border-radius: 6px;
    padding: 5px 11px; color: $text; }
QPushButton:hover, QToolButton:hover { background: $hover; }
QPushButton:pressed, QToolButton:pressed { background: $selected; }
QPushButton:focus, QToolButton:focus { border: 1px solid $accent; }
QPushButton:disabled, QToolButton:disabled { color: $text_3; background: transparent; }
QPushButton:checked, QToolButton:checked { background: $selected; border-color: $accent; }
QPushButton[kind="primary"] { background: $primary; border-color: $primary; color: $on_primary; }
QPushButton[kind="primary"]:hover { background: $primary; border-color: $accent; }
QPushButton[kind="primary"]:focus { border-color: $text; }
QPushButton[kind="primary"]:disabled { background: $raised; border-color: $line; color: $text_3; }
QPushButton[kind="danger"] { color: $alert; border-color: $alert; background: transparent; }
QPushButton[kind="danger"]:hover { background: $alert_soft; }
QPushButton[kind="danger"]:disabled { color: $text_3; border-color: $line; }
QPushButton[kind="row"] { background: transparent; border-color: transparent; text-align: left; padding: 5px 6px; }
QPushButton[kind="row"]:hover { background: $hover; }
QPushButton[kind="row"]:checked { background: $selected; }
QPushButton[kind="row"]:focus { border-color: $accent; }
QPushButton[kind="alarm"] { color: $alert; border-color: $alert; background: $alert_soft; font-weight: 600; }
QPushButton[kind="quiet"], QToolButton[kind="quiet"] { background: transparent; border-color: transparent; }
QPushButton[kind="quiet"]:hover, QToolButton[kind="quiet"]:hover { background: $hover; }
QPushButton[kind="quiet"]:focus, QToolButton[kind="quiet"]:focus { border-color: $accent; }
QPushButton[kind="quiet"]:checked, QToolButton[kind="quiet"]:checked { background: $selected; }
QPushButton[kind="tab"] { background: transparent; border-color: transparent; padding: 6px 14px;
    color: $text_2; }
QPushButton[kind="tab"]:hover { background: $hover; color: $text; }
QPushButton[kind="tab"]:checked { background: $selected; color: $text; }
QPushButton[kind="tab"]:focus { border-color: $accent; }
QPushButton[kind="segment"] { background: transparent; border-color: transparent; padding: 5px 6px;
    color: $text_2; }
QPushButton[kind="segment"]:hover { background: $hover; }
QPushButton[kind="segment"]:checked { background: $selected; color: $text; }
QPushButton[kind="segment"]:focus { border-color: $accent; }
QPushButton[kind="search"] { text-align: left; color: $text_3; background: $background; padding-left: 9px; }
QPushButton[kind="search"]:hover { border-color: $text_3; }
QPushButton[kind="choice"] { text-align: left; padding: 14px 16px; border-radius: 8px; }
QPushButton[kind="choice"]:hover { border-color: $accent; }
QToolButton { padding: 5px; }
QToolButton::menu-indicator, QPushButton::menu-indicator { image: none; width: 0; }

QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QDoubleSpinBox, QComboBox { background: $background;
    border: 1px solid $line; border-radius: 6px; padding: 5px 7px; color: $text;
    selection-background-color: $primary; selection-color: $on_primary; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QSpinBox:focus, QDoubleSpinBox:focus,
QComboBox:focus { border-color: $accent; }
QAbstractSpinBox QLineEdit { background: transparent; border: none; padding: 0 2px; }
QLineEdit[kind="wrong"] { border-color: $alert; }
QLineEdit[kind="palette"] { border: none; border-bottom: 1px solid $line; border-radius: 0;
    background: transparent; padding: 12px 14px; font-size: 12pt; }
QComboBox::drop-down { border: none; width: 22px; }
QComboBox::down-arrow { image: url("$images/down.svg"); width: 12px; height: 12px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { border: none; width: 18px; background: transparent; }
QAbstractSpinBox::up-arrow { image: url("$images/up.svg"); width: 10px; height: 10px; }
QAbstractSpinBox::down-arrow { image: url("$images/down.svg"); width: 10px; height: 10px; }
QTreeView::branch:has-children:closed { image: url("$images/right.svg"); }
QTreeView::branch:has-children:open { image: url("$images/down.svg"); }
QComboBox:disabled, QLineEdit:disabled { color: $text_3; background: $panel; }
QComboBox QAbstractItemView { background: $panel; border: 1px solid $line; padding: 3px;
    selection-background-color: $selected; selection-color: $text; }
QCheckBox, QRadioButton { spacing: 8px; background: transparent; padding: 3px 0; }
QCheckBox::indicator, QRadioButton::indicator { width: 15px; height: 15px; border: 1px solid $text_3;
    background: $background; }
QCheckBox::indicator { border-radius: 4px; }
QRadioButton::indicator { border-radius: 8px; }
QCheckBox::indicator:checked { background: $primary; border-color: $accent; image: url("$images/check.svg"); }
QRadioButton::indicator:checked { background: $accent; border: 4px solid $raised; width: 9px; height: 9px; }
QCheckBox::indicator:focus, QRadioButton::indicator:focus { border-color: $accent; }

QAbstractItemView { background: transparent; border: none; }
QTreeView::item, QListView::item { padding: 0; border: none; }
QTreeView::branch { background: transparent; }
QHeaderView { background: $panel; border: none; }
QHeaderView::section { background: $panel; color: $text_3; border: none; border-bottom: 1px solid $line;
    padding: 6px 8px; font-weight: 600; }
QTableView { gridline-color: transparent; background: transparent; alternate-background-color: $panel; }
QTableView::item { padding: 4px 8px; border-bottom: 1px solid $line; }
QTableView::item:selected { background: $selected; color: $text; }

QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget { background: transparent; }
QScrollBar { background: transparent; border: none; }
QScrollBar:vertical { width: 10px; margin: 0; }
QScrollBar:horizontal { height: 10px; margin: 0; }
QScrollBar::handle { background: $line; border-radius: 4px; margin: 1px; }
QScrollBar::handle:hover { background: $text_3; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QMenu { background: $panel; border: 1px solid $line; border-radius: 6px; padding: 5px; }
QMenu::item { padding: 6px 26px 6px 12px; border-radius: 4px; }
QMenu::item:selected { background: $selected; }
QMenu::item:disabled { color: $text_3; }
QMenu::separator { height: 1px; background: $line; margin: 4px 6px; }
QMenu::icon { padding-left: 8px; }
QSplitter::handle { background: $line; }
QSplitter::handle:hover { background: $accent; }
QProgressBar { background: $raised; border: none; border-radius: 3px; max-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QFrame[kind="separator"] { background: $line; max-height: 1px; border: none; }
"""
