"""A mail server that keeps what it gets, as tests/servers starts it."""

import collections
import glob
import os
import re

from processes import SERVERS, run


class Smtp:
    name = "smtp"

    def __init__(self, stage):
        self.folder = stage.folder("smtp")
        run([SERVERS, "start", self.folder, "smtp"], seconds=60)
        stage.add(self)
        with open(f"{self.folder}/env", encoding="utf-8") as file:
            self.url = re.search(r"SMTP_URL=(\S+)", file.read())[1]

    def ids(self):
        """How often each message came, by its Message-ID; and to whom it went."""
        ids, receivers = collections.Counter(), {}
        for path in glob.glob(f"{self.folder}/smtp/mail/new/*"):
            with open(path, errors="replace", encoding="utf-8") as file:
                text = file.read()
            found = re.search(r"(?im)^message-id:\s*<([^>]+)>", text)[1]
            ids[found] += 1
            receivers[found] = re.search(r"(?im)^to:\s*(\S+)", text)[1]
        return ids, receivers

    def stop(self):
        if os.path.exists(self.folder):
            run([SERVERS, "stop", self.folder], seconds=60)
