/**
 * A prepared statement whose one row comes back as texts. pg's own query asks the server to describe the row each time,
 * builds a parser for it and an object from it: for a statement that is sent for every append that is a fifth of what
 * the process has to do.
 *
 * It goes to `pool.query`, which takes a connection out of the pool after an error: what is prepared on a connection is
 * known for certain.
 */
import type { Connection, Submittable } from 'pg';

export type Value = string | Buffer | null;
export type Fields = readonly (string | null)[];

const preparedOn = new WeakMap<Connection, Set<string>>();

/** What `pg` calls on a query that it was given; the names are its own. */
export class PreparedCall implements Submittable {
  readonly name: string;
  readonly text: string;
  readonly values: readonly Value[];
  /** In ms; pg's own. */
  readonly query_timeout: number;
  /** Set by pg. */
  callback: ((error: Error | null, result?: { rows: readonly Fields[] }) => void) | undefined;
  /** The answer, once `pool.query` has resolved. */
  readonly rows: Fields[] = [];

  constructor(statement: { name: string; text: string; query_timeout: number }, values: readonly Value[]) {
    this.name = statement.name;
    this.text = statement.text;
    this.query_timeout = statement.query_timeout;
    this.values = values;
  }

  submit(connection: Connection): void {
    let names = preparedOn.get(connection);
    if (!names) {
      names = new Set();
      preparedOn.set(connection, names);
    }
    // One packet.
    connection.stream.cork();
    try {
      if (!names.has(this.name)) {
        names.add(this.name);
        connection.parse({ name: this.name, text: this.text, types: [] }, true);
      }
      connection.bind({ statement: this.name, values: [...this.values] }, true);
      connection.execute({ portal: '', rows: '' }, true);
      connection.sync();
    } finally {
      connection.stream.uncork();
    }
  }

  handleDataRow(message: { readonly fields: Fields }): void {
    this.rows.push(message.fields);
  }

  handleReadyForQuery(): void {
    this.callback?.(null, { rows: this.rows });
  }

  handleError(error: Error): void {
    this.callback?.(error);
  }

  handleRowDescription(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
  handlePortalSuspended(): void {}
}
