// A ring whose broker and PC live in the bench's first namespace and serve by TLS with a certificate of their
// own, as scripts/quickstart --lan does.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { Ring, bin } from "../../e2e/lib/ring.mjs";
import { addressA } from "./space.mjs";

const run = promisify(execFile);

export function ringIn(space) {
  class SpaceRing extends Ring {
    get address() {
      return addressA;
    }

    async prepare() {
      const cert = join(this.dir, "tls.crt"), key = join(this.dir, "tls.key");
      await run("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
        "-subj", "/CN=hearth", "-addext", `subjectAltName=IP:${addressA}`, "-keyout", key, "-out", cert]);
      const { stdout: der } = await run("openssl", ["x509", "-in", cert, "-outform", "DER"], { encoding: "buffer" });
      this.tls = ["--tls-cert", cert, "--tls-key", key];
      this.pin = ["--pin", `sha256:${createHash("sha256").update(der).digest("hex")}`];
      this.url = `https://${addressA}:${this.port}`;
    }

    startBroker() {
      return super.startBroker(this.tls);
    }

    call(file, args) {
      const first = (file === bin("hearth") && args.includes("signup")) || (file === bin("hearth-host") && args[0] === "enroll");
      return space.inA(file, first ? [...args, ...this.pin] : args);
    }
  }
  return SpaceRing.start();
}
