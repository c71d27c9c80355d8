// A section saves itself: three seconds after the last key, and when the page is left. One save at a time.
const WAIT = 3000;

export function autosave(form) {
  const status = form.querySelector("[data-saving]");
  const seen = form.elements.namedItem("seen");
  const kept = form.elements.namedItem("kept");
  let timer, saving, afterwards, sent = typed(form);

  function say(words) {
    if (status.textContent !== words) status.textContent = words;
  }

  async function save() {
    clearTimeout(timer);
    if (saving) return void (afterwards ??= save);
    const now = typed(form);
    if (now === sent) return;
    saving = true;
    say("Saving…");
    try {
      const body = new URLSearchParams(new FormData(form)).toString();
      // Kept alive, it ends even while the page is torn down; a browser takes up to 64 kB so.
      const response = await fetch(form.dataset.autosave, {
        method: "POST", body, keepalive: body.length < 60_000, headers: { "Content-Type": "application/x-www-form-urlencoded" },
      });
      answered(response.ok, await response.json(), now);
    } catch {
      say("Not saved: the service can’t be reached. What you typed is still on this page; it is tried again.");
      timer = setTimeout(save, WAIT * 3);
    }
    saving = false;
    const next = afterwards;
    afterwards = undefined;
    next?.();
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
    timer = setTimeout(save, WAIT);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") save();
  });
  form.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (!saving) return;
    // Saved under the version that the save under way is about to answer.
    event.preventDefault();
    afterwards = () => form.requestSubmit(event.submitter);
  });
}

function typed(form) {
  const words = new URLSearchParams(new FormData(form));
  for (const name of ["seen", "kept", "csrf_token"]) words.delete(name);
  return words.toString();
}
