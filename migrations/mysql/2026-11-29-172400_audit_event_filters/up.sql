-- Lists of events by who caused them, and by what was done.
ALTER TABLE audit_events
    ADD INDEX audit_events_actor_idx (actor_id, occurred_at, id),
    ADD INDEX audit_events_action_idx (action, occurred_at, id);
