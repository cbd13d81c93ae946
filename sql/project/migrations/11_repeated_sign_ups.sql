-- Two people may have signed up with an address before either proved it, and nobody knows whose password
-- is stored. From then on the first proof, even by the mail of the sign-up, leaves none.

alter table users add column signed_up_again_at timestamptz;
comment on column users.signed_up_again_at is
  'When somebody signed up once more with an address that was never proved; null once it is.';
