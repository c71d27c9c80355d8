"""On PostgreSQL, the queue that several workers share, and the call that writes a job into whatever transaction makes it"""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

QUEUE = Path(__file__).parents[1] / "sql" / "procrastinate-3.10.0.sql"
# What is there to be sent, somebody is to send. Here, so that a release of the queue that renames its own functions changes one migration.
CALL_WORKER = """
CREATE FUNCTION call_worker() RETURNS void LANGUAGE sql AS $$
    SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('worker', 'send', 0, NULL, NULL, '{}', NULL)::procrastinate_job_to_defer_v1])
$$
"""
# Its functions, tables and types all bear its name; extensions own nothing of that name.
FORGET_QUEUE = """
DO $$
DECLARE what text;
BEGIN
    DROP TABLE procrastinate_events, procrastinate_periodic_defers, procrastinate_jobs, procrastinate_workers CASCADE;
    FOR what IN SELECT oid::regprocedure::text FROM pg_proc
        WHERE proname LIKE 'procrastinate\\_%' AND pronamespace = current_schema()::regnamespace
    LOOP
        EXECUTE 'DROP FUNCTION ' || what || ' CASCADE';
    END LOOP;
    DROP TYPE procrastinate_job_to_defer_v1, procrastinate_job_event_type, procrastinate_job_status;
END;
$$
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _run(QUEUE.read_text(encoding="utf-8"))
        _run(CALL_WORKER)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        _run("DROP FUNCTION call_worker()")
        _run(FORGET_QUEUE)


def _run(script: str) -> None:
    """Many statements at once, with percent signs that are no places for values: past SQLAlchemy, in the same transaction."""
    cursor = op.get_bind().connection.cursor()
    cursor.execute(script)
    cursor.close()
