import { autosave } from "./autosave.js";
import { rememberFolding } from "./guidance.js";
import { initAll, isSupported } from "./govuk-frontend.min.js";
import { withPasskey } from "./passkeys.js";
import { warnBeforeSigningOut } from "./session-warning.js";

// GOV.UK's page template does this in an inline script, which our content security policy refuses.
document.body.classList.add("js-enabled");
if ("noModule" in HTMLScriptElement.prototype) {
  document.body.classList.add("govuk-frontend-supported");
}

if (isSupported()) {
  initAll();
}

for (const form of document.querySelectorAll("[data-autosave]")) {
  autosave(form);
  warnBeforeSigningOut(form);
}

for (const form of document.querySelectorAll("[data-passkey]")) {
  withPasskey(form);
}

for (const details of document.querySelectorAll("[data-guidance]")) {
  rememberFolding(details);
}
