/**
 * One round trip for a statement under a tenant: Bind and Execute of a prepared `set_config('atoll.tenant', …, true)`
 * and of the statement go out before one Sync, so that PostgreSQL runs both in one implicit transaction. BEGIN and
 * COMMIT of their own cost 35–55 % of all reads.
 */
import type { ClientBase, Connection, Submittable } from 'pg';
import type { Param } from './compile/sql.ts';

/** Prepared statements kept per connection; the one that was used longest ago goes first. */
const maxPrepared = 300;

interface Prepared {
  /** In the order of their use. */
  readonly names: Set<string>;
  /** Whether the server has them isn't known since an error: closed before they are parsed again. */
  readonly doubtful: Set<string>;
}
const preparedOn = new WeakMap<Connection, Prepared>();

function preparedOf(connection: Connection): Prepared {
  const known = preparedOn.get(connection);
  if (known) return known;
  const fresh = { names: new Set<string>(), doubtful: new Set<string>() };
  preparedOn.set(connection, fresh);
  return fresh;
}

const setTenant = { name: 'atoll_tenant', text: `select set_config('atoll.tenant', $1, true)` };

function execute(connection: Connection, statement: { name: string; text: string }, values: readonly Param[]): void {
  const prepared = preparedOf(connection);
  const { name, text } = statement;
  if (!prepared.names.delete(name)) {
    if (prepared.doubtful.delete(name)) connection.close({ type: 'S', name }, true);
    connection.parse({ name, text, types: [] }, true);
  }
  prepared.names.add(name);
  const [oldest] = prepared.names;
  if (prepared.names.size > maxPrepared && oldest !== undefined) {
    prepared.names.delete(oldest);
    connection.close({ type: 'S', name: oldest }, true);
  }
  connection.bind({ statement: name, values: values.map((value) => (value === null ? null : String(value))) }, true);
  connection.execute({ portal: '', rows: '0' }, true);
}

/** What `pg` calls on a query that it was given; the names are its own. */
class TenantStatement implements Submittable {
  readonly #tenant: string;
  readonly #statement: { name: string; text: string };
  readonly #values: readonly Param[];
  readonly #settle: { resolve(rows: string[]): void; reject(error: Error): void };
  #connection: Connection | undefined;
  #completed = 0;
  #rows: string[] = [];

  constructor(
    tenant: string,
    statement: { name: string; text: string },
    values: readonly Param[],
    settle: { resolve(rows: string[]): void; reject(error: Error): void },
  ) {
    this.#tenant = tenant;
    this.#statement = statement;
    this.#values = values;
    this.#settle = settle;
  }

  submit(connection: Connection): void {
    this.#connection = connection;
    connection.stream.cork();
    try {
      execute(connection, setTenant, [this.#tenant]);
      execute(connection, this.#statement, this.#values);
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
  }

  handleDataRow(message: { readonly fields: readonly (string | null)[] }): void {
    // The first answer is that of set_config.
    if (this.#completed > 0) this.#rows.push(message.fields[0] ?? 'null');
  }

  handleCommandComplete(): void {
    this.#completed += 1;
  }

  handleReadyForQuery(): void {
    this.#settle.resolve(this.#rows);
  }

  handleError(error: Error): void {
    if (this.#connection) {
      const prepared = preparedOf(this.#connection);
      for (const name of [setTenant.name, this.#statement.name]) {
        prepared.names.delete(name);
        prepared.doubtful.add(name);
      }
    }
    this.#settle.reject(error);
  }

  handleRowDescription(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
}

/** The first column of each row, as text. `tenant` is a tenant's id, `platform`, or `*` for the operator. */
export function runAsTenant(
  client: ClientBase,
  tenant: string,
  statement: { readonly name: string; readonly text: string },
  values: readonly Param[],
): Promise<string[]> {
  return new Promise((resolve, reject) => {
    client.query(new TenantStatement(tenant, statement, values, { resolve, reject }));
  });
}
