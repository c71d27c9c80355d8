// A section saves automatically: 3 seconds after the last key, at most 10 seconds after the first, when the page is left, and
// before it is sent. One save at a time.
const WAIT = 3_000;
const LONGEST_WAIT = 10_000;
const ANSWERED_WITHIN = 20_000;
// A browser finishes a request of up to 64 kB after its page is closed.
const KEPT_ALIVE = 60_000;

export function autosave(form) {
  const status = form.querySelector("[data-saving]");
  const seen = form.elements.namedItem("seen");
  const kept = form.elements.namedItem("kept");
  let timer, firstAt, isGoing = false, isReached = true, saving = Promise.resolve(), sent = typed(form);

  function say(words) {
    if (status.textContent !== words) status.textContent = words;
  }

  function save() {
    clearTimeout(timer);
    return (saving = saving.then(saveNow));
  }

  async function saveNow() {
    const now = typed(form);
    firstAt = undefined;
    if (now === sent) return;
    say("Saving…");
    try {
      const body = new URLSearchParams(new FormData(form)).toString();
      const response = await fetch(form.dataset.autosave, {
        method: "POST", body, keepalive: body.length < KEPT_ALIVE, signal: AbortSignal.timeout(ANSWERED_WITHIN),
        headers: { "Content-Type": "application/x-www-form-urlencoded" },
      });
      if (response.status >= 500) throw new Error(response.statusText);
      answered(response.ok, await response.json(), now);
      isReached = true;
    } catch {
      isReached = false;
      say("Not saved: the service can’t be reached or can’t save at the moment. Keep this page open. We will try again.");
      timer = setTimeout(save, WAIT * 3);
    }
  }

  function answered(isSaved, answer, what) {
    if (isSaved) {
      sent = what;
      seen.value = answer.version;
      kept.value = "";
      say(`Saved at ${answer.saved_at}.`);
      form.dispatchEvent(new CustomEvent("goes-on", { detail: answer.ends_at }));
    } else {
      kept.value = "yes";
      say(`Not saved: ${answer.errors?.map((one) => one.message).join(" ") || answer.detail}`);
    }
  }

  form.addEventListener("input", () => {
    clearTimeout(timer);
    firstAt ??= Date.now();
    timer = setTimeout(save, Math.min(WAIT, firstAt + LONGEST_WAIT - Date.now()));
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") save();
  });
  form.addEventListener("submit", async (event) => {
    if (isGoing) return;
    // Saved first: if the service does not answer, the text is still on the page.
    event.preventDefault();
    await save();
    if (!isReached) return;
    // While a form's submit event is still being handled, submitting it again does nothing.
    await new Promise((goOn) => setTimeout(goOn));
    isGoing = true;
    form.requestSubmit(event.submitter);
  });
  window.addEventListener("pageshow", () => (isGoing = false));
  window.addEventListener("beforeunload", (event) => {
    const mayBeLost = !isReached || typed(form).length > KEPT_ALIVE;
    if (mayBeLost && !isGoing && typed(form) !== sent) event.preventDefault();
  });
}

function typed(form) {
  const words = new URLSearchParams(new FormData(form));
  for (const name of ["seen", "kept", "csrf_token"]) words.delete(name);
  return words.toString();
}
