"""Firefox and WebKit, driven alike: open a page at a width, run JavaScript in it, point and click.

Firefox speaks WebDriver BiDi itself. WebKit is driven through WebKitGTK's driver; its window can't
be as narrow as a phone, so pages stand in a frame of the width that is asked for.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import os
import re
import subprocess
import tempfile
import time
from urllib.parse import urlencode

import websocket
from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.action_builder import ActionBuilder
from selenium.webdriver.webkitgtk.options import Options
from selenium.webdriver.webkitgtk.service import Service

HEIGHT = 900
CORNER = (2, 2)  # nothing answers to a pointer there
# Both wait until the element has stood still for two frames: a page may still answer to scrolling.
STILL = """(async () => {
  const element = document.querySelector(%s);
  const frame = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  const box = () => element.getClientRects()[0];
  const place = () => `${box().left} ${box().top} ${box().width}`;
  for (let stood = 0, last; stood < 2; await frame()) {
    stood = place() === last ? stood + 1 : 0;
    last = place();
  }
  const { left, top, right, bottom } = box();
  return """
MIDDLE = f"{STILL}[Math.round((left + right) / 2), Math.round((top + bottom) / 2)];}})()"
BOX = f"{STILL}[Math.floor(left), Math.floor(top), Math.ceil(right), Math.ceil(bottom) + 4];}})()"
SCROLL = "document.querySelector(%s).scrollIntoView({ block: 'center' })"


def crop(png, box):
    return Image.open(io.BytesIO(png)).convert("RGB").crop(box).tobytes()


class Firefox:
    """A Firefox without a window."""

    def __init__(self, programs):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        command = [programs.firefox, "--headless", "--no-remote", "--profile", self.profile.name]
        self.process = subprocess.Popen(
            [*command, "--remote-debugging-port=0", "about:blank"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        listens = re.compile(r"WebDriver BiDi listening on (\S+)")
        address = next(filter(None, map(listens.search, self.process.stderr)))[1]
        self.socket = websocket.create_connection(
            f"{address}/session", timeout=60, suppress_origin=True
        )
        self.asked = 0
        self.call("session.new", capabilities={})
        self.context = self.call("browsingContext.getTree")["contexts"][0]["context"]

    def call(self, method, **parameters):
        """Send a command of BiDi; return its result.

        Raises:
            RuntimeError: the browser refused it.
        """
        self.asked += 1
        self.socket.send(json.dumps({"id": self.asked, "method": method, "params": parameters}))
        while (answer := json.loads(self.socket.recv())).get("id") != self.asked:
            pass  # an event
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['error']}: {answer['message']}")
        return answer["result"]

    def here(self, method, **parameters):
        return self.call(method, context=self.context, **parameters)

    def open(self, url, width):
        """Open a page.

        An address that the page before still writes (a figure's state) ends BiDi's waiting too
        early, so what was open is marked, and waited for to go.
        """
        self.here("browsingContext.setViewport", viewport={"width": width, "height": HEIGHT})
        self.run("window.isLeft = true")
        self.here("browsingContext.navigate", url=url, wait="complete")
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with contextlib.suppress(RuntimeError):  # asked in the moment of the change
                if self.run("!window.isLeft && document.readyState === 'complete'"):
                    return
            time.sleep(0.02)
        raise RuntimeError(f"{url} does not open within a minute")

    def run(self, expression):
        """Return the value of a JavaScript expression, awaited."""
        answer = self.call(
            "script.evaluate",
            expression=f"(async () => JSON.stringify(await ({expression})))()",
            target={"context": self.context},
            awaitPromise=True,
        )
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"].get("value", "null"))

    def move(self, x, y, *more):
        actions = [{"type": "pointerMove", "x": x, "y": y}, *more]
        pointer = {"type": "pointer", "id": "mouse", "actions": actions}
        self.here("input.performActions", actions=[pointer])

    def rest_on(self, selector):
        """Bring an element to the middle of the screen, with the pointer out of the way."""
        self.move(*CORNER)
        self.run(SCROLL % json.dumps(selector))

    def point_at(self, selector, *more):
        self.rest_on(selector)
        self.move(*self.run(MIDDLE % json.dumps(selector)), *more)

    def click(self, selector):
        down, up = ({"type": f"pointer{way}", "button": 0} for way in ("Down", "Up"))
        self.point_at(selector, down, up)

    def picture(self, selector):
        """Return the pixels of an element and of what is close to it."""
        box = self.run(BOX % json.dumps(selector))
        png = base64.b64decode(self.here("browsingContext.captureScreenshot")["data"])
        return crop(png, box)

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(30)
        self.process.stderr.close()
        self.profile.cleanup()


class WebKit:
    """WebKitGTK's small browser, on a screen that nobody sees."""

    def __init__(self, programs):
        read, write = os.pipe()
        self.screen = subprocess.Popen(
            [programs.screen, "-displayfd", str(write), "-screen", "0", "1500x1100x24"],
            pass_fds=[write],
            stderr=subprocess.DEVNULL,
        )
        os.close(write)
        with os.fdopen(read) as display:
            number = display.readline().strip()
        options = Options()
        options.binary_location = programs.webkit
        options.add_argument("--automation")
        environment = {**os.environ, "DISPLAY": f":{number}", "GDK_BACKEND": "x11"}
        self.driver = webdriver.WebKitGTK(
            options=options, service=Service(programs.webkit_driver, env=environment)
        )
        self.driver.set_window_rect(0, 0, 1400, 1050)
        self.driver.set_script_timeout(60)

    def open(self, url, width):
        origin, path = re.fullmatch(r"(\w+://[^/]+)(.*)", url).groups()
        self.driver.switch_to.default_content()
        self.driver.get(f"{origin}/frame?{urlencode({'width': width, 'page': path})}")
        self.driver.switch_to.frame(0)

    def run(self, expression):
        """Return the value of a JavaScript expression, awaited."""
        script = f"""const done = arguments[0];
          (async () => ({expression}))().then(
            (value) => done([JSON.stringify(value)]), (error) => done(String(error)));"""
        answer = self.driver.execute_async_script(script)
        if isinstance(answer, str):
            raise RuntimeError(answer)
        return None if answer[0] is None else json.loads(answer[0])

    def find(self, selector):
        return self.driver.find_element("css selector", selector)

    def rest_on(self, selector):
        """Bring an element to the middle of the screen, with the pointer out of the way."""
        mouse = ActionBuilder(self.driver)
        mouse.pointer_action.move_to_location(*CORNER)
        mouse.perform()
        self.run(SCROLL % json.dumps(selector))

    def point_at(self, selector):
        self.rest_on(selector)
        self.run(MIDDLE % json.dumps(selector))
        ActionChains(self.driver).move_to_element(self.find(selector)).perform()

    def click(self, selector):
        self.rest_on(selector)
        self.run(MIDDLE % json.dumps(selector))
        self.find(selector).click()

    def picture(self, selector):
        """Return the pixels of an element and of what is close to it."""
        box = self.run(BOX % json.dumps(selector))
        return crop(self.driver.get_screenshot_as_png(), box)

    def close(self):
        self.driver.quit()
        self.screen.terminate()
        self.screen.wait(30)


KINDS = {"firefox": Firefox, "webkit": WebKit}
