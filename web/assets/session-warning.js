// Three minutes before a session ends: a warning that screen readers read out, with a button to stay. The focus does not move.
const BEFORE = 180_000;

export function warnBeforeSigningOut(form) {
  const place = form.parentElement.querySelector("[data-warning]");
  let timer;

  function wait(endsAt) {
    clearTimeout(timer);
    place.replaceChildren();
    if (endsAt) timer = setTimeout(() => warn(endsAt), Math.max(0, new Date(endsAt) - Date.now() - BEFORE));
  }

  function warn(endsAt) {
    const at = new Date(endsAt).toLocaleTimeString("en-GB", { hour: "numeric", minute: "2-digit", hour12: true });
    const words = document.createElement("p");
    words.className = "govuk-body govuk-!-font-weight-bold";
    words.textContent = `You will be signed out at ${at.replace(" ", "")}. We will keep what you have typed.`;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "govuk-button govuk-button--secondary govuk-!-margin-bottom-0";
    button.textContent = "Stay signed in";
    button.addEventListener("click", stay);
    const box = document.createElement("div");
    box.className = "app-warning";
    box.append(words, button);
    place.replaceChildren(box);
  }

  async function stay() {
    const response = await fetch(form.dataset.stay, { method: "POST", body: new URLSearchParams(new FormData(form)) }).catch(() => null);
    if (response?.ok) wait((await response.json()).ends_at);
  }

  form.addEventListener("goes-on", (event) => wait(event.detail));
  wait(form.dataset.endsAt);
}
