-- Codes that are over are cleared up as new ones are made.

create index authorization_codes_expires_at_idx on authorization_codes (expires_at);
