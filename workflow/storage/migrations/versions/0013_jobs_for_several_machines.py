"""On PostgreSQL, the job queue that workers share, and the function that adds a job to a transaction"""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

QUEUE = Path(__file__).parents[1] / "sql" / "procrastinate-3.10.0.sql"
# Adds a job that sends emails. It is defined here, so that if Procrastinate renames its functions, one new migration is enough.
CALL_WORKER = """
CREATE FUNCTION call_worker() RETURNS void LANGUAGE sql AS $$
    SELECT procrastinate_defer_jobs_v1(ARRAY[ROW('worker', 'send', 0, NULL, NULL, '{}', NULL)::procrastinate_job_to_defer_v1])
$$
"""
# All its functions, tables and types have its name; nothing else does.
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
    """Run many statements past SQLAlchemy, in the same transaction: their percent signs are not parameters."""
    cursor = op.get_bind().connection.cursor()
    cursor.execute(script)
    cursor.close()
