"""MS Project XML (MSPDI, ``http://schemas.microsoft.com/project``), out and in.

Out: a plan, with a summary task per project, a task per phase, links with lag, resources,
assignments and calendars. In: a schedule of any origin as a portfolio. ``docs/formats.md`` says
what is written where and how days are rounded to periods.
"""

from pmo_optimizer.formats.mspdi.read import read_schedule
from pmo_optimizer.formats.mspdi.write import export_schedule, schedule_xml

__all__ = ["export_schedule", "read_schedule", "schedule_xml"]
