-- Getting in, being known, publishing: one more table per kind of entity, of the same shape.

-- Names to sign in with.
create table logins (
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
create index logins_by_owner_at on logins (owner, at, id);

-- Sessions: families of refresh tokens.
create table sessions (
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
create index sessions_by_owner_at on sessions (owner, at, id);

-- Tokens that can be used once, by their hash.
create table tickets (
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
create index tickets_by_at on tickets (at, id);

-- Counts of guesses at passwords.
create table guesses (
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
create index guesses_by_at on guesses (at, id);

-- Tokens that are refused before they expire.
create table revocations (
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
create index revocations_by_at on revocations (at, id);

-- Accounts at places to publish.
create table accounts (
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
create index accounts_by_owner_at on accounts (owner, at, id);

-- Settings made at run time.
create table settings (
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
