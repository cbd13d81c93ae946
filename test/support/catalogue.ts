import type { Engine } from "./engine.ts";
import { plainly } from "./own_names.ts";

/** What the catalogue says of one function. */
export interface CatalogueFunction {
  /** As `sql/` has it. */
  readonly name: string;
  /** Name and types of the arguments. */
  readonly signature: string;
  readonly result: string;
  readonly language: string;
  readonly definer: boolean;
  readonly volatility: "immutable" | "stable" | "volatile";
  readonly parallel: "safe" | "restricted" | "unsafe";
  /** The SET clauses. */
  readonly config: readonly string[];
  readonly owner: string;
  /** Who may execute it beside its owner; `PUBLIC` is everybody. */
  readonly executors: readonly string[];
  readonly inputs: readonly string[];
  readonly comment: string | null;
  /** The statement that makes it again. */
  readonly definition: string;
}

export interface CatalogueTable {
  readonly name: string;
  readonly kind: "table" | "sequence" | "view" | "materialized view" | "other";
  readonly rls: boolean;
  readonly forced: boolean;
  readonly owner: string;
  readonly comment: string | null;
  /** `role: privilege`, or `role: privilege (column)`, of everybody but the owner. */
  readonly grants: readonly string[];
  readonly policies: readonly string[];
  /** Without NOT NULL, which Postgres counts as constraints from 18 on. */
  readonly constraints: readonly string[];
}

/** The functions of a schema by signature. */
export async function catalogueFunctions(
  engine: Pick<Engine, "query">,
  schema: string,
): Promise<CatalogueFunction[]> {
  const functions = await engine.query<CatalogueFunction & Record<string, unknown>>(
    `select
      p.proname::text as name,
      format('%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)) as signature,
      pg_get_function_result(p.oid) as result,
      l.lanname::text as language,
      p.prosecdef as definer,
      case p.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end as volatility,
      case p.proparallel when 's' then 'safe' when 'r' then 'restricted' else 'unsafe' end as parallel,
      coalesce(p.proconfig, '{}') as config,
      pg_get_userbyid(p.proowner)::text as owner,
      array(
        select case when a.grantee = 0 then 'PUBLIC' else pg_get_userbyid(a.grantee)::text end
        from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
        where a.grantee <> p.proowner and a.privilege_type = 'EXECUTE'
        order by 1
      ) as executors,
      array(
        select coalesce(p.proargnames[i], '')
        from generate_series(1, p.pronargs) i
        order by i
      ) as inputs,
      obj_description(p.oid, 'pg_proc') as comment,
      pg_get_functiondef(p.oid) as definition
    from pg_proc p join pg_language l on l.oid = p.prolang
    where p.pronamespace = $1::regnamespace
    order by 2`,
    [schema],
  );
  return functions
    .map(({ name, signature, ...rest }) => ({
      ...{ name: plainly(name, schema), signature: plainly(signature, schema) },
      ...rest,
    }))
    .toSorted((a, b) => (a.signature < b.signature ? -1 : 1));
}

/** The tables, sequences and views of a schema by name. */
export async function catalogueTables(
  engine: Pick<Engine, "query">,
  schema: string,
): Promise<CatalogueTable[]> {
  return engine.query<CatalogueTable & Record<string, unknown>>(
    `select
      c.relname::text as name,
      case c.relkind when 'r' then 'table' when 'S' then 'sequence' when 'v' then 'view'
        when 'm' then 'materialized view' else 'other' end as kind,
      c.relrowsecurity as rls,
      c.relforcerowsecurity as forced,
      pg_get_userbyid(c.relowner)::text as owner,
      obj_description(c.oid, 'pg_class') as comment,
      array(
        select case when g.grantee = 0 then 'PUBLIC' else pg_get_userbyid(g.grantee)::text end
          || ': ' || g.privilege_type || coalesce(' (' || g.attname || ')', '')
        from (
          select a.grantee, a.privilege_type, null as attname from aclexplode(c.relacl) a
          union all
          select a.grantee, a.privilege_type, t.attname
          from pg_attribute t, aclexplode(t.attacl) a where t.attrelid = c.oid
        ) g
        where g.grantee <> c.relowner
        order by 1
      ) as grants,
      array(
        select format('%s for %s using (%s) with check (%s)', l.polname,
          case l.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update'
            when 'd' then 'delete' else 'all' end,
          pg_get_expr(l.polqual, c.oid), pg_get_expr(l.polwithcheck, c.oid))
        from pg_policy l where l.polrelid = c.oid
        order by 1
      ) as policies,
      array(
        select n.conname::text from pg_constraint n
        where n.conrelid = c.oid and n.contype <> 'n'
        order by 1
      ) as constraints
    from pg_class c
    where c.relnamespace = $1::regnamespace and c.relkind not in ('i', 'I', 't', 'c')
    order by 1`,
    [schema],
  );
}
