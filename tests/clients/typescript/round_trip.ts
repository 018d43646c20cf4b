// What a stranger's first program does, with the types that openapi-typescript makes from openapi.yaml.
// node round_trip.ts <url> <one's sign-in as JSON> <another's>
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./api.ts";

declare const process: { argv: string[] };

type Order = components["schemas"]["NewOrder"];

const [url, leaderSignsIn, headSignsIn] = process.argv.slice(2) as [string, string, string];

function must<T>(value: T | undefined, what: unknown): T {
  if (value === undefined) throw new Error(JSON.stringify(what));
  return value;
}

function agree(said: boolean, what: string): void {
  if (!said) throw new Error(what);
}

async function signedIn(credentials: string): Promise<Client<paths>> {
  const anybody = createClient<paths>({ baseUrl: url });
  const { data, error } = await anybody.POST("/tokens", { body: JSON.parse(credentials) });
  return createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${must(data, error).token}` } });
}

const [leader, head] = await Promise.all([signedIn(leaderSignsIn), signedIn(headSignsIn)]);
const me = await head.GET("/me");
const post = must(must(me.data, me.error).memberships.find((each) => each.primary), "no post");
const home = await leader.GET("/home");
agree(must(home.data, home.error).unavailable.length === 0, "a part of home is missing");

const order: Order = {
  title: "Rà soát phòng cháy chữa cháy tại chợ",
  content: "Kiểm tra, lập danh sách tồn tại.",
  mode: "joint",
  expected_result: "Báo cáo",
  no_deadline: true,
  assignments: [{ unit_id: post.unit_id, role: "lead" }],
};
const key = crypto.randomUUID();
const give = () => leader.POST("/tasks", { params: { header: { "Idempotency-Key": key } }, body: order });
const [first, again] = [await give(), await give()];
const task = must(first.data, first.error);
agree(must(again.data, again.error).id === task.id, "one key gave two orders");
const piece = must(task.assignments.items[0], "no piece");

const path = { assignment_id: piece.id };
const read = await head.GET("/assignments/{assignment_id}", { params: { path } });
const etag = must(read.response.headers.get("ETag") ?? undefined, "no ETag");
const accept = () =>
  head.POST("/assignments/{assignment_id}/accept", {
    params: {
      path,
      header: { "If-Match": etag, "Idempotency-Key": crypto.randomUUID(), "X-Acting-For": post.id },
    },
  });
const accepted = await accept();
agree(must(accepted.data, accepted.error).state === "in_progress", "it was not accepted");
const late = await accept();
agree(late.response.status === 412 && late.error?.code === "stale_version", "an old ETag was good");
const found = await leader.GET("/tasks/{task_id}", { params: { path: { task_id: task.id } } });
agree(must(found.data, found.error).roll_up.accepted === 1, "the leader does not see it");

const sent = "Danh sách chợ\n";
const stored = await head.POST("/files", {
  params: {
    header: {
      "Idempotency-Key": crypto.randomUUID(),
      "Content-Disposition": "attachment; filename*=UTF-8''danh%20s%C3%A1ch.txt",
    },
  },
  headers: { "Content-Type": "application/octet-stream" },
  body: sent,
  bodySerializer: (text) => new TextEncoder().encode(text),
});
const file = must(stored.data, stored.error);
agree(file.name === "danh sách.txt", "the file's name was lost");
const fetched = await head.GET("/files/{file_id}", { params: { path: { file_id: file.id } }, parseAs: "text" });
agree(must(fetched.data, fetched.error) === sent, "the file came back as another one");
console.log(task.id);
