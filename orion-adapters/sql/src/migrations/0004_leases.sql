-- Who works on what, and until when; `fence` grows whenever a lease is taken or returned.
create table leases (
    name text primary key,
    holder text not null,
    fence bigint not null,
    held_until bigint not null
);
