-- Process ids only compare within one PID name space of one running kernel; null where a system has none to tell.
alter table worker add column pid_space text;
