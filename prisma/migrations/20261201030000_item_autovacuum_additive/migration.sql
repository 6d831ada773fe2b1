-- Every first render leaves a dead version of the item's row: the default would wait for a fifth of all items, a fiftieth keeps the table an
-- eighth smaller while a catalogue is rendered.
alter table item set (autovacuum_vacuum_scale_factor = 0.02);
