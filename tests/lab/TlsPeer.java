// SPDX-License-Identifier: Apache-2.0

import java.io.FileInputStream;
import java.io.InputStream;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.HashMap;
import java.util.Map;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** TlsPeer server|client IP PORT [name=value ...]: see tls_peer.py; p12. */
final class TlsPeer {
  private static final byte[] REQUEST =
      ("OPTIONS sip:b.example SIP/2.0\r\nCall-ID: 1@a.example\r\n"
              + "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n").getBytes();
  private static final byte[] ANSWER =
      "SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n".getBytes();

  private static final class Anybody implements X509TrustManager {
    private final boolean strict;

    Anybody(boolean strict) {
      this.strict = strict;
    }

    public void checkClientTrusted(X509Certificate[] c, String type)
        throws java.security.cert.CertificateException {
      if (strict) {
        throw new java.security.cert.CertificateException("not known");
      }
    }

    public void checkServerTrusted(X509Certificate[] c, String type) {}

    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }

  private static SSLContext context(Map<String, String> how)
      throws Exception {
    KeyManager[] keys = null;
    if (how.containsKey("p12")) {
      KeyStore store = KeyStore.getInstance("PKCS12");
      try (InputStream in = new FileInputStream(how.get("p12"))) {
        store.load(in, "secret".toCharArray());
      }
      KeyManagerFactory f = KeyManagerFactory.getInstance("PKIX");
      f.init(store, "secret".toCharArray());
      keys = f.getKeyManagers();
    }
    SSLContext c = SSLContext.getInstance("TLS");
    c.init(keys,
        new TrustManager[] {new Anybody(how.containsKey("strict"))}, null);
    return c;
  }

  private static void limit(SSLParameters p, Map<String, String> how) {
    String max = how.getOrDefault("max", "1.3");
    p.setProtocols(
        new String[] {max.startsWith("SSL") ? max : "TLSv" + max});
    if (how.containsKey("suites")) {
      p.setCipherSuites(how.get("suites").split(":"));
    }
  }

  public static void main(String[] words) throws Exception {
    Map<String, String> how = new HashMap<>();
    for (int i = 3; i < words.length; i++) {
      String[] pair = words[i].split("=", 2);
      how.put(pair[0], pair[1]);
    }
    if (how.getOrDefault("max", "").startsWith("SSL")) {
      java.security.Security.setProperty("jdk.tls.disabledAlgorithms", "");
    }
    int port = Integer.parseInt(words[2]);
    int count = Integer.parseInt(how.getOrDefault("count", "1"));
    SSLContext c = context(how);
    byte[] room = new byte[4096];
    if (words[0].equals("server")) {
      SSLServerSocket l = (SSLServerSocket) c.getServerSocketFactory()
          .createServerSocket(port, 8,
              java.net.InetAddress.getByName(words[1]));
      SSLParameters p = l.getSSLParameters();
      limit(p, how);
      String ask = how.getOrDefault("ask", "none");
      if (ask.equals("require")) {
        p.setNeedClientAuth(true);
      } else if (ask.equals("ask")) {
        p.setWantClientAuth(true);
      }
      l.setSSLParameters(p);
      for (int i = 0; i < count; i++) {
        try (SSLSocket s = (SSLSocket) l.accept()) {
          s.setSoTimeout(5000);
          while (s.getInputStream().read(room) > 0) {
            s.getOutputStream().write(ANSWER);
          }
        } catch (java.io.IOException e) {
          System.out.println(e);
        }
      }
      return;
    }
    for (int i = 0; i < count; i++) {
      try (SSLSocket s = (SSLSocket) c.getSocketFactory()
              .createSocket(words[1], port)) {
        SSLParameters p = s.getSSLParameters();
        limit(p, how);
        s.setSSLParameters(p);
        s.setSoTimeout(5000);
        for (int k = 0; k < 2; k++) {
          s.getOutputStream().write(REQUEST);
          s.getInputStream().read(room);
        }
      } catch (java.io.IOException e) {
        System.out.println(e);
      }
    }
  }
}
