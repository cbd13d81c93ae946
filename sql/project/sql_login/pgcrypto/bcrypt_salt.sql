-- A fresh bcrypt salt.

create or replace function bcrypt_salt(p_cost integer) returns text
language sql volatile security invoker
return gen_salt('bf'::text, p_cost);
