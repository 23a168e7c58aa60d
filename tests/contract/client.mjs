// What users of the JavaScript OpenAI client rely on. usage: node client.mjs http://127.0.0.1:PORT/v1
import OpenAI from "openai";

const client = new OpenAI({ baseURL: process.argv[2], apiKey: "none" });
const messages = [{ role: "user", content: "Where is the ship?" }];

function expect(condition, text) {
  if (!condition) throw new Error(`contract (javascript): ${text}`);
  console.log(`ok javascript: ${text}`);
}

async function failure(call) {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error("contract (javascript): expected an error");
}

const names = [];
for await (const model of client.models.list()) names.push(model.id);
expect(names.includes("base") && names.includes("captain"), "models.list names base and genomes");

let text = "";
let receipt;
const stream = await client.chat.completions.create({
  model: "base+l2:0.3", messages, stream: true, max_tokens: 8, temperature: 0,
});
for await (const chunk of stream) {
  text += chunk.choices[0]?.delta?.content ?? "";
  receipt = chunk.genepool ?? receipt;
}
expect(text.startsWith("page:"), "a cold stream answers");
expect(receipt?.tier === "cold", "the receipt is in the stream");

const answer = await client.chat.completions.create({ model: "base+l2:0.3", messages, max_tokens: 8, temperature: 0 });
expect(answer.choices[0].message.content === text, "the same question gives the same answer");
expect(answer.genepool.tier === "hot", "the second is a HOT hit");
expect(answer.usage.completion_tokens === 8, "usage");

const unknown = await failure(() => client.chat.completions.create({ model: "captan", messages }));
expect(unknown instanceof OpenAI.NotFoundError && unknown.code === "model_not_found", "404 for an unknown genome");
const bad = await failure(() => client.chat.completions.create({ model: "captain", messages, top_p: 7 }));
expect(bad instanceof OpenAI.BadRequestError && bad.param === "top_p", "400 names the field");
const inside = await failure(async () => {
  const long = [{ role: "user", content: "word ".repeat(900) }];
  for await (const _ of await client.chat.completions.create({ model: "base+l2:0.7", messages: long, stream: true }));
});
expect(inside instanceof Error, "an error inside an open stream raises");

const leaving = await client.chat.completions.create({ model: "captain", messages, stream: true, max_tokens: 400 });
for await (const _ of leaving) break;
expect(true, "left a stream");
