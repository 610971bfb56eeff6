/** Forecasts over HTTP: one model that is kept warm, and for each client a state of 128 bytes. */
import Fastify from "fastify";
import { Forecaster } from "./forecaster.js";

const idSchema = { type: "object", properties: { id: { type: "string", pattern: "^[\\w.-]{1,64}$" } } };

const samplesSchema = {
  type: "object",
  required: ["values"],
  additionalProperties: false,
  properties: { values: { type: "array", minItems: 1, maxItems: 10_000, items: { type: "number" } } },
};

/**
 * @param forecaster a model that has learned.
 * @param limit clients that are remembered; whoever was heard of longest ago is forgotten first.
 */
export function createService(forecaster, { limit = 100_000, logger = false } = {}) {
  const service = Fastify({
    logger,
    bodyLimit: 1_000_000,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
  });
  /** In the order in which they were heard of. */
  const clients = new Map();

  const remember = (id, client) => {
    clients.delete(id);
    clients.set(id, client);
    if (clients.size > limit) clients.delete(clients.keys().next().value);
  };

  const unknown = (reply, id) => reply.code(404).send({ error: `no client ${id}: send samples first` });

  service.post("/clients/:id/samples", { schema: { params: idSchema, body: samplesSchema } }, (request) => {
    const { id } = request.params;
    const { values } = request.body;
    const client = clients.get(id) ?? { state: Forecaster.newState(), samples: 0 };
    const { state, forecast } = forecaster.read(client.state, values);
    const samples = client.samples + values.length;
    remember(id, { state, samples, forecast });
    return { client: id, samples, forecast };
  });

  service.get("/clients/:id/forecast", { schema: { params: idSchema } }, (request, reply) => {
    const { id } = request.params;
    const client = clients.get(id);
    return client ? { client: id, samples: client.samples, forecast: client.forecast } : unknown(reply, id);
  });

  service.delete("/clients/:id", { schema: { params: idSchema } }, (request, reply) => {
    const { id } = request.params;
    return clients.delete(id) ? reply.code(204).send() : unknown(reply, id);
  });

  service.get("/health", () => ({ ok: true, clients: clients.size, memory: process.memoryUsage().rss }));

  service.setErrorHandler((error, _, reply) => {
    const code = error.statusCode ?? 500;
    if (code >= 500) service.log.error(error);
    reply.code(code).send({ error: code >= 500 ? "something went wrong here" : error.message });
  });
  return service;
}
