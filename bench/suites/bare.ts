/** The floor: a bare Fastify route with one statement written by hand. No login, no cost, no schema. A process of its own. */
import Fastify from 'fastify';
import { Pool } from 'pg';
import { byHand } from './reads.sql.ts';

const [databaseUrl = '', connections = '10'] = process.argv.slice(2);
const pool = new Pool({ connectionString: databaseUrl, max: Number(connections) });
const app = Fastify();

app.post<{ Body: { variables: { id: string } } }>('/list', async (request, reply) => {
  const { rows } = await pool.query<{ body: string }>({
    name: 'list',
    text: byHand,
    values: [request.body.variables.id],
  });
  return reply.type('application/json').send(rows[0]?.body);
});

const address = await app.listen({ host: '127.0.0.1', port: 0 });
process.send?.({ address });
process.on('disconnect', async () => {
  await app.close();
  await pool.end();
});
