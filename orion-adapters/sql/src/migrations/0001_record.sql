-- The record: one table per kind of entity, all of one shape, and the event log with its consumer groups.
-- A row's document is its JSON; the other columns repeat what lists filter and order by.
-- Identifiers are UUIDs in lower-case text, times are microseconds since 1970 in UTC.

-- What many talk about.
create table trends (
    id text primary key,
    unique_key text unique,
    owner text,
    parent text,
    state text not null,
    rank double precision not null,
    at bigint not null,
    version bigint not null,
    doc text not null
);
create index trends_by_state_rank on trends (state, rank, id);
create index trends_by_at on trends (at, id);

-- Pieces of content.
create table contents (
    id text primary key,
    unique_key text unique,
    owner text,
    parent text,
    state text not null,
    rank double precision not null,
    at bigint not null,
    version bigint not null,
    doc text not null
);
create index contents_by_owner_at on contents (owner, at, id);
create index contents_by_parent on contents (parent, id);

-- Runs from trend to reviewed video.
create table runs (
    id text primary key,
    unique_key text unique,
    owner text,
    parent text,
    state text not null,
    rank double precision not null,
    at bigint not null,
    version bigint not null,
    doc text not null
);
create index runs_by_parent on runs (parent, id);
create index runs_by_state_at on runs (state, at, id);

-- The step journal.
create table steps (
    id text primary key,
    unique_key text unique,
    owner text,
    parent text,
    state text not null,
    rank double precision not null,
    at bigint not null,
    version bigint not null,
    doc text not null
);
create index steps_by_parent on steps (parent, id);

-- Files of content.
create table assets (
    id text primary key,
    unique_key text unique,
    owner text,
    parent text,
    state text not null,
    rank double precision not null,
    at bigint not null,
    version bigint not null,
    doc text not null
);
create index assets_by_parent_rank on assets (parent, rank, id);

-- Questions to people.
create table approvals (
    id text primary key,
    unique_key text unique,
    owner text,
    parent text,
    state text not null,
    rank double precision not null,
    at bigint not null,
    version bigint not null,
    doc text not null
);
create index approvals_by_parent on approvals (parent, id);
create index approvals_by_state_at on approvals (state, at, id);

-- Attempts to publish.
create table publications (
    id text primary key,
    unique_key text unique,
    owner text,
    parent text,
    state text not null,
    rank double precision not null,
    at bigint not null,
    version bigint not null,
    doc text not null
);
create index publications_by_parent on publications (parent, id);
create index publications_by_state_at on publications (state, at, id);

-- Who uses Orion.
create table users (
    id text primary key,
    unique_key text unique,
    owner text,
    parent text,
    state text not null,
    rank double precision not null,
    at bigint not null,
    version bigint not null,
    doc text not null
);

-- What users are told.
create table notifications (
    id text primary key,
    unique_key text unique,
    owner text,
    parent text,
    state text not null,
    rank double precision not null,
    at bigint not null,
    version bigint not null,
    doc text not null
);
create index notifications_by_owner_at on notifications (owner, at, id);

-- The cost ledger.
create table costs (
    id text primary key,
    unique_key text unique,
    owner text,
    parent text,
    state text not null,
    rank double precision not null,
    at bigint not null,
    version bigint not null,
    doc text not null
);
create index costs_by_owner_at on costs (owner, at, id);
create index costs_by_parent on costs (parent, id);

-- What is remembered of feeds.
create table feeds (
    id text primary key,
    unique_key text unique,
    owner text,
    parent text,
    state text not null,
    rank double precision not null,
    at bigint not null,
    version bigint not null,
    doc text not null
);

-- Every event in the order of its commit.
create table events (
    sequence integer primary key,
    id text not null unique,
    at bigint not null,
    owner text,
    body text not null
);
create index events_by_owner on events (owner, sequence);

-- The sequence given last; it never goes back, also when old events are pruned.
create table log_head (
    one integer primary key check (one = 1),
    sequence bigint not null
);
insert into log_head (one, sequence) values (1, 0);

-- Up to where each consumer group has been given events.
create table consumers (
    name text primary key,
    head bigint not null
);

-- What a group was given and has not acknowledged. An event up to the group's head that is not here is done.
-- `ready_at` is the end of the lease of a held one, and the time to try a released one again.
create table deliveries (
    consumer text not null references consumers (name),
    sequence bigint not null references events (sequence),
    state text not null check (state in ('held', 'released', 'buried')),
    fence bigint not null,
    attempts bigint not null,
    ready_at bigint not null,
    reason text,
    primary key (consumer, sequence)
);
create index deliveries_by_time on deliveries (consumer, ready_at) where state <> 'buried';
