-- Deliveries without references. Looking each one up locked, and so rewrote, the row of its event and the one row of
-- its group, for what the only statements that write here see to anyway.
create table given (
    consumer text not null,
    sequence bigint not null,
    state text not null check (state in ('held', 'released', 'buried')),
    fence bigint not null,
    attempts bigint not null,
    ready_at bigint not null,
    reason text,
    primary key (consumer, sequence)
);
insert into given (consumer, sequence, state, fence, attempts, ready_at, reason)
    select consumer, sequence, state, fence, attempts, ready_at, reason from deliveries;
drop table deliveries;
alter table given rename to deliveries;
