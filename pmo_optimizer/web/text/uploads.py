"""Texts of the pages on which portfolio files are sent and accepted."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

TEXT: Mapping[str, str] = MappingProxyType(
    {
        "upload.new": "Upload a portfolio",
        "upload.new.help": "A workbook (.xlsx) or a portfolio file (.yaml, .json). It is checked "
        "first; nothing is stored before you accept it.",
        "upload.revision": "Upload a new revision",
        "upload.revision.help": "Download the portfolio as a workbook, change it, and send it "
        "here. It is checked and compared with the current revision; nothing is stored before you "
        "accept it.",
        "upload.file": "Workbook or portfolio file",
        "upload.drop": "Drop the file on this area, or choose it.",
        "upload.limit": "At most {n} MiB. Macros, links to other files and encrypted workbooks are "
        "not taken.",
        "upload.too.large": "The file is larger than {n} MiB.",
        "upload.send": "Check the file",
        "upload.sending": "The file is being checked …",
        "upload.again": "Upload a file again",
        "upload.template": "Empty workbook to fill",
        "upload.form": "Send the file with the form of this page, uncompressed.",
        "upload.missing": "No file was chosen. Go back and choose one.",
        "upload.kind": "This is no file that can be read here.",
        "upload.kind.fix": "Send a workbook (.xlsx) or a portfolio file (.yaml, .yml, .json).",
        "upload.large": "The portfolio has {n} characters, more than {most}.",
        "upload.large.fix": "Leave out projects or people that are not planned.",
        "upload.scenarios.fix": "Make them in the workshop, or create them with the API.",
        "upload.title": "Upload: {file}",
        "upload.of": "For the portfolio",
        "upload.faulty": "The file has {errors}: nothing was stored. Mend them and upload it "
        "again.",
        "upload.sound": "The file has no errors. Nothing is stored yet: look at what follows, "
        "then accept it.",
        "upload.errors": "{n} errors",
        "upload.errors.one": "{n} error",
        "upload.findings": "Findings",
        "upload.cell": "Cell",
        "upload.comments": "Download the workbook with comments at the cells",
        "upload.comments.none": "This workbook cannot be written with comments. The findings are "
        "in the table.",
        "upload.changes": "What changes from revision {n}",
        "upload.same": "The file says the same as revision {n}: there is nothing to accept.",
        "upload.what": "What the portfolio holds",
        "upload.accept": "Accept as revision {n}",
        "upload.accept.new": "Accept as a new portfolio",
        "upload.expires": "It waits until {date}; only you see it.",
        "upload.meanwhile": "Revision {n} was stored meanwhile, so nothing was accepted. Below is "
        "what would change from that revision: look again before you accept.",
        "upload.not.faulty": "This file has errors and cannot be accepted.",
        "download.title": "Download",
        "download.xlsx": "Workbook",
        "download.yaml": "YAML",
        "download.json": "JSON",
        "difference.kind": "Change",
        "difference.section": "Of",
        "difference.id": "Id",
        "difference.name": "Name",
        "difference.field": "Field",
        "difference.before": "Before",
        "difference.after": "After",
        "difference.added": "Added",
        "difference.removed": "Removed",
        "difference.changed": "Changed",
        "difference.counts": "Counts of changes",
        "difference.list": "Changes",
        "difference.more": "and {n} more",
        "difference.portfolio": "Portfolio",
        "difference.criteria": "Criteria",
        "difference.comparisons": "Comparisons of criteria",
        "difference.skills": "Skills",
        "difference.people": "People",
        "difference.pools": "Pools",
        "difference.hires": "Hires",
        "difference.funds": "Funds",
        "difference.caps": "Caps",
        "difference.projects": "Projects",
        "difference.links": "Links",
        "difference.requires": "Requires",
        "difference.excludes": "Excludes",
        "difference.all_or_none": "All or none",
        "difference.choose": "Choices",
        "difference.synergies": "Synergies",
        "difference.rules": "Rules",
        "difference.baseline": "Baseline",
    }
)
