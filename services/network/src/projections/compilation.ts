/**
 * The compiler of this process. What it knows is what the tables said at the token that it has; the token is written anew, in
 * the same transaction, with everything that it is told. So a process that finds another one, because another process has
 * compiled, or its own transaction was taken back, reads everything anew and goes on from there.
 */
import { randomUUID } from 'node:crypto';
import { NotNow } from '@atoll/events/outage';
import type { PoolClient } from 'pg';
import { type Compiler, createCompiler } from '../compile/compiler.ts';
import { tellEverything } from './intent.ts';

/** Raised whenever the same intent gives other rules than before: all nodes are compiled anew then, once. */
export const compilerVersion = 1;

export interface Opened {
  readonly compiler: Compiler;
  /** The newest generation that was given to any node. */
  readonly generation: number;
  /** Everything was made by another version of the compiler, or none: nothing in the tables may be leant on. */
  readonly otherVersion: boolean;
}

export interface Compilation {
  /** Locks all other compilations out until the transaction ends. Before any table is changed in it. */
  open(tx: PoolClient): Promise<Opened>;
  /** After everything was told and written. */
  save(tx: PoolClient, generation: number): Promise<void>;
}

export function createCompilation(): Compilation {
  let known: { readonly compiler: Compiler; readonly token: string } | null = null;
  return {
    async open(tx) {
      const { rows } = await tx.query<{ token: string; compiler: number; generation: number }>(
        'select token, compiler, generation from network.compile_state for update',
      );
      const state = rows[0];
      if (state === undefined) throw new Error('network.compile_state has no row.');
      if (state.compiler > compilerVersion) {
        throw new NotNow(
          `Version ${state.compiler} of the compiler has made the rules; this process has ${compilerVersion}.`,
        );
      }
      if (known === null || known.token !== state.token) {
        const compiler = createCompiler();
        await tellEverything(tx, compiler);
        compiler.take();
        known = { compiler, token: state.token };
      }
      const { compiler } = known;
      // Until it is saved: what it is told from here on may be taken back.
      known = { compiler, token: '' };
      return { compiler, generation: state.generation, otherVersion: state.compiler !== compilerVersion };
    },
    async save(tx, generation) {
      const token = randomUUID();
      await tx.query('update network.compile_state set token = $1, compiler = $2, generation = $3', [
        token,
        compilerVersion,
        generation,
      ]);
      if (known !== null) known = { compiler: known.compiler, token };
    },
  };
}
