-- A refresh token is changed once, when it is used, and a session at each refresh. Where its page has room,
-- the new version lies beside the old one and no index is written; a page that was filled has none.
alter table refresh_tokens set (fillfactor = 60);
alter table sessions set (fillfactor = 80);
