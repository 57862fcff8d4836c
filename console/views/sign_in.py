"""Signing in to a server, and what becomes of the password."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QComboBox, QWidget

from console.actions import connect
from console.secrets import Keeping
from console.views.form import FormDialog
from widgets.text import wrapped

if TYPE_CHECKING:
    from console.parts import ConsoleParts


class KeepingBox(QComboBox):
    """Where the password is kept: the keyring, or, where there is none, a choice in plain words."""

    def __init__(self, parts: ConsoleParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self.setAccessibleName(self.tr("Password"))
        self.note = wrapped(kind="hint")
        self.addItem(self.tr("Keep it in the keyring of this computer"), Keeping.KEYRING)
        self.addItem(self.tr("Ask every time"), Keeping.NOWHERE)
        parts.tasks.start(self._look(), name=self.tr("Keyring"))

    def keeping(self) -> Keeping:
        """The choice."""
        return Keeping(self.currentData())

    async def _look(self) -> None:
        if await self._parts.secrets.has_keyring():
            return
        self.clear()
        self.addItem(self.tr("Ask every time"), Keeping.NOWHERE)
        self.addItem(self.tr("Keep it in a file only I can read"), Keeping.FILE)
        self.note.setText(
            self.tr(
                "This computer has no keyring that answers. A file is readable by this account "
                "and by administrators, and is not encrypted."
            )
        )
        self.window().adjustSize()


class SignInDialog(FormDialog):
    """To a new server, or again to a known one."""

    def __init__(
        self,
        parts: ConsoleParts,
        parent: QWidget | None = None,
        *,
        system: str | None = None,
        address: str = "",
    ) -> None:
        record = None if system is None else parts.known.get(system)
        title = "" if record is None else record.name
        super().__init__(
            parts.tasks,
            self.tr("Sign in to {name}").format(name=title) if title else self.tr("Connect"),
            ""
            if title
            else self.tr("Enter the address of a Gatehouse server, such as 192.168.1.10:8480."),
            self.tr("Sign in"),
            parent,
        )
        self._parts = parts
        self._record = record
        address = address if record is None else record.address
        self.address = self.add_field(
            self.tr("Address"), address, hint=self.tr("host, host:port or URL")
        )
        self.username = self.add_field(
            self.tr("User name"), "" if record is None else record.username
        )
        self.password = self.add_field(self.tr("Password"), is_secret=True)
        self.keeping = KeepingBox(parts)
        self.form.addRow(self.tr("Remember"), self.keeping)
        self.form.addRow(self.keeping.note)
        self.address.setReadOnly(record is not None)
        first = self.address if record is None else self.password
        first.setFocus()

    def submit(self) -> None:
        """Sign in with what was entered."""
        if not self.address.text().strip():
            self.complain(self.tr("Enter the address of the server."), at=self.address)
        elif not self.username.text().strip():
            self.complain(self.tr("Enter a user name."), at=self.username)
        elif not self.password.text():
            self.complain(self.tr("Enter the password."), at=self.password)
        else:
            keeping = self.keeping.keeping()
            work = (
                connect.connect_to(
                    self._parts,
                    self.address.text(),
                    self.username.text().strip(),
                    self.password.text(),
                    keeping,
                )
                if self._record is None or self.username.text().strip() != self._record.username
                else connect.sign_in_again(
                    self._parts, self._record.id, self.password.text(), keeping
                )
            )
            self.wait_for(work, self.tr("Signing in…"), self.accept)
