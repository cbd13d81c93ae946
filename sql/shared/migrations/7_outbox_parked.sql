-- How much mail is parked is asked at each scrape of metrics.

create index outbox_parked_idx on outbox (settled_at) where state = 'parked';
