-- Claims are taken in the order of the log, by the primary key. An index by time would have to be changed with every
-- claim, and would not give that order.
drop index deliveries_by_time;
