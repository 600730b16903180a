// SPDX-License-Identifier: MIT

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jose.util.JSONObjectUtils;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.URL;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/**
 * Verifies tokens with Nimbus as a relying party would: it is given an issuer,
 * and finds the keys by its discovery document.  Nimbus' own limits hold: 500 ms
 * for a document, 50 KiB.
 *
 * <pre>
 * java -cp nimbus-jose-jwt.jar Verify.java ISSUER AUDIENCE ADDRESS CA.pem
 * </pre>
 *
 * The issuer's name leads to ADDRESS.  Tokens come on standard input, one a
 * line; for each a line says "ok SUBJECT" or "refused: REASON".
 */
class Verify {
    /** Whatever it is asked for, it connects to one address. */
    static class Leading extends SSLSocketFactory {
        private final SSLSocketFactory factory;
        private final InetSocketAddress address;

        Leading(SSLSocketFactory factory, String address) {
            int colon = address.lastIndexOf(':');
            this.factory = factory;
            this.address = new InetSocketAddress(address.substring(0, colon),
                Integer.parseInt(address.substring(colon + 1)));
        }

        @Override
        public Socket createSocket() {
            return new Socket() {
                @Override
                public void connect(SocketAddress ignored, int timeout) throws IOException {
                    super.connect(address, timeout);
                }
            };
        }

        @Override
        public Socket createSocket(Socket connected, String host, int port, boolean close)
                throws IOException {
            return factory.createSocket(connected, host, port, close);
        }

        @Override
        public Socket createSocket(String host, int port) throws IOException {
            throw new IOException("not connected through createSocket()");
        }

        @Override
        public Socket createSocket(String host, int port, InetAddress from, int fromPort)
                throws IOException {
            return createSocket(host, port);
        }

        @Override
        public Socket createSocket(InetAddress host, int port) throws IOException {
            return createSocket(host.getHostName(), port);
        }

        @Override
        public Socket createSocket(InetAddress host, int port, InetAddress from, int fromPort)
                throws IOException {
            return createSocket(host, port);
        }

        @Override
        public String[] getDefaultCipherSuites() {
            return factory.getDefaultCipherSuites();
        }

        @Override
        public String[] getSupportedCipherSuites() {
            return factory.getSupportedCipherSuites();
        }
    }

    static void reach(String address, String caFile) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null);
        try (InputStream pem = new FileInputStream(caFile)) {
            store.setCertificateEntry("ca",
                CertificateFactory.getInstance("X.509").generateCertificate(pem));
        }
        TrustManagerFactory trust = TrustManagerFactory.getInstance(
            TrustManagerFactory.getDefaultAlgorithm());
        trust.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        HttpsURLConnection.setDefaultSSLSocketFactory(
            new Leading(context.getSocketFactory(), address));
    }

    static DefaultJWTProcessor<SecurityContext> processor(String issuer, String audience)
            throws Exception {
        URL url = new URL(issuer.replaceFirst("/$", "") + "/.well-known/openid-configuration");
        Map<String, Object> discovery = JSONObjectUtils.parse(
            new DefaultResourceRetriever(500, 500).retrieveResource(url).getContent());
        // OpenID Connect Discovery section 4.3
        if (!issuer.equals(discovery.get("issuer"))) {
            throw new Exception("the issuer says it is " + discovery.get("issuer"));
        }
        Set<JWSAlgorithm> algorithms = new HashSet<>();
        for (String name : JSONObjectUtils.getStringList(discovery,
                "id_token_signing_alg_values_supported")) {
            algorithms.add(JWSAlgorithm.parse(name));
        }
        URL keys = JSONObjectUtils.getURI(discovery, "jwks_uri").toURL();
        DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(algorithms,
            JWKSourceBuilder.create(keys).retrying(true).build()));
        processor.setJWTClaimsSetVerifier(new DefaultJWTClaimsVerifier<>(audience,
            new JWTClaimsSet.Builder().issuer(issuer).build(), Set.of("sub", "exp")));
        return processor;
    }

    public static void main(String[] arguments) throws Exception {
        if (arguments.length != 4) {
            System.err.println("usage: Verify ISSUER AUDIENCE ADDRESS CA.pem");
            System.exit(2);
        }
        String issuer = arguments[0];
        reach(arguments[2], arguments[3]);
        DefaultJWTProcessor<SecurityContext> processor = processor(issuer, arguments[1]);
        BufferedReader tokens = new BufferedReader(new InputStreamReader(System.in));
        for (String token = tokens.readLine(); token != null; token = tokens.readLine()) {
            try {
                System.out.println("ok " + processor.process(token, null).getSubject());
            } catch (Exception error) {
                System.out.println("refused: " + error);
            }
        }
    }
}
