-- The history of one thing in the audit log.
create index audit_entry_target_id_idx on audit_entry (target, id);
