"""The page on a phone: a real page and a real service worker, in a browser that has neither a screen to show
notifications on nor a maker to subscribe at. Both are put in its place; everything else is as it is on a phone.
"""

import json
from collections.abc import Callable
from typing import Any

from sqlalchemy.engine import Connection

from app.server import Site
from tests.browser.chromium import Chromium, Script, open_page
from tests.build import PASSWORD, Town
from tests.waiting import until
from tests.webpush import Push, PushService

NAME = "chromium"
SCREEN = """
self.shown = []; self.closed = 0; self.looked = [];
self.registration.showNotification = async (title, options) => { self.shown.push({ title, ...options }); };
Clients.prototype.openWindow = async (address) => { self.looked.push(address); };
WindowClient.prototype.focus = async () => { self.looked.push("focus"); };
self.tap = (which, action) => {
  const event = new ExtendableEvent("notificationclick"), waits = [];
  event.action = action;
  event.notification = { data: structuredClone(self.shown.at(which).data), close() { self.closed += 1; } };
  event.waitUntil = (promise) => waits.push(promise);
  self.dispatchEvent(event);
  return Promise.all(waits).then(() => true);
};
true
"""
MAKER = """
const given = %s;
const subscription = { ...given, toJSON: () => given, unsubscribe: async () => { localStorage.subscribed = ""; } };
Object.defineProperty(Notification, "permission", { get: () => localStorage.permission || "default" });
Notification.requestPermission = async () => {
  localStorage.permission = localStorage.answers || "granted";
  return localStorage.permission;
};
PushManager.prototype.getSubscription = async () => (localStorage.subscribed ? subscription : null);
PushManager.prototype.subscribe = (options) => {
  if (localStorage.silent) return new Promise(() => {});
  window.asked = { visible: options.userVisibleOnly, key: options.applicationServerKey.length };
  localStorage.subscribed = "yes";
  return Promise.resolve(subscription);
};
const later = window.setTimeout;
window.setTimeout = (work, ms, ...more) => later(work, ms < 20000 ? ms : ms / 100, ...more);
"""


class Phone:
    """What a story has in its hands."""

    def __init__(self, chromium: Chromium, page: Script, site: Site, town: Town, service: PushService) -> None:
        self.chromium, self.page, self.site, self.town, self.service = chromium, page, site, town, service

    async def open(self, fragment: str = "") -> None:
        await self.page.command("Page.navigate", url=f"{self.site.base_url}/phone/{fragment}")
        await self.page.until("document.readyState === 'complete'")

    async def write(self, work: Callable[[Connection], Any]) -> Any:
        """Does something in the office, in one transaction."""
        assert self.site.database is not None
        return await self.site.database.write(work)

    async def says(self, words: str) -> None:
        """Waits until the page says so."""
        said = "document.getElementById('says').textContent"
        try:
            await self.page.until(f"{said}.includes({json.dumps(words)})")
        except TimeoutError:
            raise AssertionError(f"it says: {await self.page.run(said)}") from None

    async def shows(self, part: str, words: str = "") -> None:
        """Waits until a part of the page is to be seen, with these words in it."""
        shown = f"document.querySelector({json.dumps(part)})"
        await self.page.until(f"{shown}?.checkVisibility() && {shown}.textContent.includes({json.dumps(words)})")

    async def press(self, button: str) -> None:
        await self.page.until(f"document.querySelector({json.dumps(button)})?.checkVisibility()")
        await self.page.run(f"document.querySelector({json.dumps(button)}).click()")

    async def sign_in(self, password: str = PASSWORD) -> None:
        await self.shows("#sign-in")
        await self.page.run(
            f"document.getElementById('email').value = {json.dumps(self.town.daughter.email)}; "
            f"document.getElementById('password').value = {json.dumps(password)}; true"
        )
        await self.press("#sign-in button")

    async def receive(self) -> None:
        """Signs in and lets this phone be reached."""
        await self.sign_in()
        await self.press("#receive")
        await self.says("届くようになりました")

    async def worker(self) -> Script:
        """The service worker, with a screen to show notifications on."""

        async def running() -> str | None:
            found = (await self.chromium.command("Target.getTargets"))["targetInfos"]
            return next((one["targetId"] for one in found if one["type"] == "service_worker"), None)

        target = await until(running)
        session = (await self.chromium.command("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        worker = Script(self.chromium, session)
        await worker.run(SCREEN)
        return worker

    async def pushed(self, which: int = 0) -> Push:
        """What the service of the browser's maker was given for it."""
        await until(lambda: len(self.service.received) > which)
        return self.service.received[which]

    async def deliver(self, data: str) -> None:
        """Does what the browser's maker does: hands the content of a push to the worker."""
        found = [
            one["registrationId"]
            for event in self.chromium.events
            if event.get("method") == "ServiceWorker.workerRegistrationUpdated"
            for one in event["params"]["registrations"]
        ]
        await self.page.command(
            "ServiceWorker.deliverPushMessage", origin=self.site.base_url, registrationId=found[-1], data=data
        )

    def thrown(self) -> list[Any]:
        """What no script of the page caught."""
        return [event["params"] for event in self.chromium.events if event.get("method") == "Runtime.exceptionThrown"]


async def a_phone(chromium: Chromium, site: Site, town: Town, service: PushService) -> Phone:
    endpoint, keys = service.subscribe(NAME)
    page = await open_page(chromium, MAKER % json.dumps({"endpoint": endpoint, "keys": keys}))
    phone = Phone(chromium, page, site, town, service)
    await phone.open()
    return phone
