/** Tells the agent the page's time, so that with the sender reports it knows when a picture was really taken. */

/** Answers each `{"ask": n}` on the channel `capture` at once: the quicker, the truer. */
export function answerClock(channel) {
  channel.addEventListener("message", ({ data }) => {
    const { ask } = JSON.parse(data);
    if (ask !== undefined) channel.send(JSON.stringify({ ask, now_ms: performance.timeOrigin + performance.now() }));
  });
}
