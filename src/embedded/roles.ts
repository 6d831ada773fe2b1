import pg from 'pg'

/** The role of the service, which owns its database and is no superuser; and the server's superuser. */
export const SERVICE = 'afterimage'
export const SUPERUSER = 'postgres'

interface Server {
  readonly port: number
  /** Letters, digits, `-` and `_`. */
  readonly password: string
  readonly superuserPassword: string
}

export const urlOf = ({ role, password, port }: { role: string; password: string; port: number }, database: string) =>
  `postgres://${role}:${password}@127.0.0.1:${port}/${database}`

/**
 * Gives the service a role that is no superuser, and its database, which it owns with all that is in it. Earlier versions had only a
 * superuser called `afterimage`, which is renamed. May be interrupted and repeated.
 */
export async function prepareRoles({ port, password, superuserPassword }: Server): Promise<void> {
  const superuser = urlOf({ role: SUPERUSER, password: superuserPassword, port }, 'postgres')
  const isEarlier = await withClient(superuser, async () => false).catch((error) => {
    // 28P01: the wrong password, or no such role.
    if (error.code === '28P01') return true
    throw error
  })
  if (isEarlier) {
    // A session cannot rename its own role.
    const helper = urlOf({ role: 'afterimage_upgrade', password: superuserPassword, port }, 'postgres')
    await withClient(urlOf({ role: SERVICE, password, port }, 'postgres'), (client) =>
      client.query(
        `drop role if exists afterimage_upgrade; create role afterimage_upgrade superuser login password '${superuserPassword}'`,
      ),
    )
    await withClient(helper, (client) =>
      client.query(
        `alter role ${SERVICE} rename to ${SUPERUSER}; alter role ${SUPERUSER} password '${superuserPassword}';
         create role ${SERVICE} login password '${password}'`,
      ),
    )
  }
  await withClient(superuser, async (client) => {
    await client.query('drop role if exists afterimage_upgrade')
    const { rows } = await client.query(
      `select exists (select from pg_roles where rolname = $1) as role, exists (select from pg_database where datname = $1) as database`,
      [SERVICE],
    )
    if (!rows[0].role) await client.query(`create role ${SERVICE} login password '${password}'`)
    await client.query(
      rows[0].database
        ? `alter database ${SERVICE} owner to ${SERVICE}`
        : `create database ${SERVICE} owner ${SERVICE}`,
    )
  })
  await withClient(urlOf({ role: SUPERUSER, password: superuserPassword, port }, SERVICE), (client) =>
    client.query(TRANSFER),
  )
}

/** What the superuser owns outside of the system's schemas and of extensions; of an upgraded database, all that the service made. */
const TRANSFER = `
do $$
declare
  change text;
begin
  for change in
    with own as (
      select oid from pg_namespace
      where nspname !~ '^pg_' and nspname <> 'information_schema'
    ), part as (
      select classid, objid from pg_depend where deptype = 'e'
    )
    select format('alter schema %s owner to ${SERVICE}', n.oid::regnamespace)
    from pg_namespace n where n.oid in (table own) and n.nspowner = '${SUPERUSER}'::regrole and n.nspname <> 'public'
    union all
    select format('alter %s %s owner to ${SERVICE}', case c.relkind when 'c' then 'type' when 'v' then 'view'
      when 'm' then 'materialized view' when 'S' then 'sequence' else 'table' end, c.oid::regclass)
    from pg_class c
    where c.relnamespace in (table own) and c.relowner = '${SUPERUSER}'::regrole and c.relkind in ('r', 'p', 'v', 'm', 'S', 'c')
      and ('pg_class'::regclass::oid, c.oid) not in (table part)
      -- A column's sequence goes with its table.
      and not exists (select from pg_depend d where d.objid = c.oid and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i') and c.relkind = 'S')
    union all
    select format('alter routine %s owner to ${SERVICE}', p.oid::regprocedure)
    from pg_proc p
    where p.pronamespace in (table own) and p.proowner = '${SUPERUSER}'::regrole
      and ('pg_proc'::regclass::oid, p.oid) not in (table part)
    union all
    select format('alter type %s owner to ${SERVICE}', t.oid::regtype)
    from pg_type t
    where t.typnamespace in (table own) and t.typowner = '${SUPERUSER}'::regrole and t.typtype in ('e', 'd')
      and ('pg_type'::regclass::oid, t.oid) not in (table part)
  loop
    execute change;
  end loop;
end $$`

async function withClient<T>(connectionString: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString })
  client.on('error', () => {})
  try {
    await client.connect()
    return await work(client)
  } finally {
    await client.end().catch(() => {})
  }
}
