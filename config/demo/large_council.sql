-- A council of many audits, teams and people, for measuring lists and sweeps: not for trying rules. SQLite; `:count` is the number of audits.
-- As in a real council, 2,000 audits are open, and 100 name the demo's auditor, practitioner and team manager, whatever number is held.

INSERT INTO teams (code, name, service) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < 50) SELECT 'team-' || i, 'Team ' || i, 'care' FROM n;

INSERT INTO people (id, email, name, is_active) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < 1000) SELECT 1000 + i, i || '@demo.example', 'Person ' || i, 1 FROM n;

INSERT INTO audits (id, reference, state, version, edition, form_key, form_version, rules_version, auditor_id, team, practitioner_id,
    team_manager_id, service_manager_id, qaro_id, child_id, strand, audit_on, overall_grade, picked_because, started_at, share_by,
    shared_at, moderated_at, escalation_state, history_count, history_head)
WITH RECURSIVE n(i, is_open) AS (SELECT 0, 0 UNION ALL SELECT i + 1, i + 1 >= :count - 2000 FROM n WHERE i + 1 < :count)
SELECT i + 1, printf('%04x-%04x', i * 7919 % 65521, i / 65521),
    CASE WHEN NOT is_open THEN 'actions_closed' WHEN i % 3 = 0 THEN 'draft' ELSE 'moderated' END, 1, 1, 'practice_evaluation', 1, 1,
    CASE i % (:count / 100) WHEN 1 THEN 1 ELSE 1000 + i % 97 END, CASE i % 50 WHEN 1 THEN 'assessment-east' ELSE 'team-' || (i % 50) END,
    CASE i % (:count / 100) WHEN 1 THEN 3 ELSE 1000 + i % 1000 END, CASE i % (:count / 100) WHEN 1 THEN 5 ELSE 1000 + i % 89 END, 1000 + i % 83, 1000 + i % 79,
    'C-' || (i * 7 % (:count / 2)), CASE i % 3 WHEN 0 THEN 'care_experienced' ELSE 'help_and_protection' END,
    date('2026-11-01', '-' || ((:count - i) * 2000 / :count) || ' days'), CASE i % 23 WHEN 3 THEN 'inadequate' ELSE 'good' END, '',
    '2026-11-01T09:00:00+00:00', '2026-11-30', CASE WHEN is_open AND i % 3 = 0 THEN NULL ELSE '2026-11-02T09:00:00+00:00' END,
    CASE WHEN is_open AND i % 3 = 0 THEN NULL ELSE '2026-11-03T09:00:00+00:00' END, CASE i % 23 WHEN 3 THEN 'resolved' ELSE 'none' END, 1, 'x'
FROM n;

INSERT INTO actions (audit_id, number, section, text, owner_id, due_on, added_by, added_on, state, is_live, progress, evidence, note,
    earlier_due_dates, asked_reason)
SELECT id, 1, 13, 'Book the visit.', practitioner_id, date(audit_on, '+28 days'), auditor_id, audit_on,
    CASE WHEN id > :count - 2000 THEN 'open' ELSE 'verified' END, 1, '', '', '', '', '' FROM audits;

ANALYZE;
