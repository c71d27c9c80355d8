"""The tables whose rows are only ever added: triggers in the database refuse any other change.

`remarks` is not among them: the text of a reason may be disposed of, and the history holds its digest.
"""

from workflow.storage.tables.audits import history, seals
from workflow.storage.tables.directory import definitions, directory_history
from workflow.storage.tables.log_chains import audit_heads, chain_links
from workflow.storage.tables.read_log import readings

APPEND_ONLY = (history, seals, definitions, directory_history, readings, audit_heads, chain_links)
