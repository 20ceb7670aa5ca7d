-- Definitions are kept whole; what plainly is a credential in them is not. Each is
-- replaced by its fingerprint, so that a change of it still shows. One too many does
-- no harm, so this does not ask what the word before it means.
create or replace function drill._mask_secrets(p_text text)
returns text
language sql
stable
set search_path = ''
as $$
  select pg_catalog.string_agg(
    p.piece || coalesce('(' || drill._fingerprint(s.secret[1]) || ')', ''), '' order by p.position
  )
  from (
    select
      -- JSON web tokens
      'eyJ[a-z0-9_-]{8,}\.[a-z0-9_-]{8,}\.[a-z0-9_-]*'
      -- headers
      '|(?<=bearer\s+)[a-z0-9._~+/=-]{6,}'
      '|(?<=authorization[''":,=>\s]+basic\s+)[a-z0-9+/=]{6,}'
      -- addresses and connection strings
      '|(?<=://[^\s:/@''"]*:)[^\s@''"/]+(?=@)'
      '|(?<=passw(?:or)?d=)[^\s''"();,&|]+'
      '|(?<=passw(?:or)?d[''"]*\s*(?:=>|:=|=|:)?\s*[''"]+)[^''"]+(?=[''"])'
      -- keys that say what they are
      '|\m(?:sk|rk|pk)_(?:live|test)_[a-z0-9]{6,}|\msb_secret_[a-z0-9_-]{6,}|\msk-[a-z0-9_-]{20,}|\mwhsec_[a-z0-9+/=]{10,}'
      '|\mgh[pousr]_[a-z0-9]{20,}|\mgithub_pat_[a-z0-9_]{20,}|\mxox[abprs]-[a-z0-9-]{10,}|\mAKIA[0-9A-Z]{16}'
      '|\mAIza[0-9a-z_-]{30,}|\mSG\.[a-z0-9_-]{16,}\.[a-z0-9_-]{16,}'
      '|-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+' as pattern
  ) as r
  cross join lateral pg_catalog.regexp_split_to_table(p_text, r.pattern, 'i') with ordinality as p (piece, position)
  left join lateral pg_catalog.regexp_matches(p_text, '(' || r.pattern || ')', 'gi') with ordinality as s (secret, position)
    on s.position = p.position
$$;

comment on function drill._mask_secrets(text) is
  'Internal: a definition with fingerprints in place of tokens, keys and passwords; slow, so ask first whether there may be any';

revoke all on function drill._mask_secrets(text) from public;
