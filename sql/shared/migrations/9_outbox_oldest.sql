-- How long mail has waited is asked at each scrape of metrics.

create index outbox_oldest_idx on outbox (project_id, queued_at) where state = 'queued' and purpose <> 'none';
