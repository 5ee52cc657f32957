// This page answers the form that made a key. Reloaded, it would send the form again, and make another key.
"use strict";

window.history.replaceState(null, "", document.currentScript.dataset.onward);
