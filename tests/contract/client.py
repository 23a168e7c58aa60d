"""What users of the Python OpenAI client rely on. usage: client.py http://127.0.0.1:PORT/v1"""

import sys
import time

import openai

client = openai.OpenAI(base_url=sys.argv[1], api_key="none")
MESSAGES = [{"role": "user", "content": "Where is the ship?"}]


def expect(condition, text):
    if not condition:
        raise SystemExit(f"contract (python): {text}")
    print(f"ok python: {text}")


def raises(kind, call):
    try:
        call()
    except kind as error:
        return error
    raise SystemExit(f"contract (python): expected {kind.__name__}")


models = {model.id: model for model in client.models.list()}
expect({"base", "captain"} <= set(models), "models.list names base and genomes")
expect(models["captain"].status["value"] == "unloaded", "a cold genome has a status")

# The first request is a cold one and streamed: comments are skipped, chunks arrive, usage is in the last.
stream = client.chat.completions.create(model="captain", messages=MESSAGES, stream=True, max_tokens=8, temperature=0,
                                        stream_options={"include_usage": True})
chunks = list(stream)
text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
expect(text.startswith("page:"), "a cold stream answers")
expect(chunks[-1].usage.completion_tokens == 8, "the last chunk has the usage")
expect(any((chunk.model_extra or {}).get("genepool", {}).get("tier") == "cold" for chunk in chunks), "the receipt is in the stream")

answer = client.chat.completions.create(model="captain", messages=MESSAGES, max_tokens=8, temperature=0, logprobs=True, top_logprobs=2)
expect(answer.choices[0].message.content == text, "the same question gives the same answer")
expect(answer.choices[0].finish_reason == "length", "finish_reason")
expect(len(answer.choices[0].logprobs.content) == 8, "a logprob for each token")
expect(len(answer.choices[0].logprobs.content[0].top_logprobs) == 2, "top_logprobs")
expect(answer.model_extra["genepool"]["tier"] == "hot", "the receipt is in the answer")
expect(answer.usage.total_tokens == answer.usage.prompt_tokens + 8, "usage adds up")
expect(answer._request_id is not None, "x-request-id is there")

parts = [{"role": "user", "content": [{"type": "text", "text": "Where is the ship?"}]}]
same = client.chat.completions.create(model="captain", messages=parts, max_tokens=8, temperature=0)
expect(same.choices[0].message.content == text, "content as text parts")

old = client.completions.create(model="base+l1:0.5", prompt="Once", max_tokens=4, temperature=0, logprobs=1)
expect(old.choices[0].text.startswith("page:"), "completions with an inline stack")
expect(len(old.choices[0].logprobs.tokens) == 4, "completions logprobs")

error = raises(openai.NotFoundError, lambda: client.chat.completions.create(model="captan", messages=MESSAGES))
expect(error.code == "model_not_found" and "captain" in error.message, "404 with the nearest name, not retried")
error = raises(openai.BadRequestError, lambda: client.chat.completions.create(model="captain", messages=MESSAGES, temperature=9))
expect(error.param == "temperature", "400 names the field")
error = raises(openai.BadRequestError, lambda: client.chat.completions.create(
    model="captain", messages=[{"role": "user", "content": "word " * 900}]))
expect("context" in error.message, "a prompt past the context is a 400")


def cold_and_too_long():
    for _ in client.chat.completions.create(model="base+l2:1", stream=True,
                                            messages=[{"role": "user", "content": "word " * 900}]):
        pass


raises(openai.APIError, cold_and_too_long)
expect(True, "an error inside an open stream raises")

leaving = client.chat.completions.create(model="captain", messages=MESSAGES, stream=True, max_tokens=400)
next(iter(leaving))
leaving.close()
time.sleep(0.2)
expect(True, "left a stream")
