import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** Sends lines through loki4j, in the form `json` or `protobuf`: `java Sender URL TENANT LINES FORM`. */
public final class Sender {
    private static final String CONFIGURATION = """
            <configuration>
              <appender name="LOKI" class="com.github.loki4j.logback.Loki4jAppender">
                <labels>
                  app = sender
                  place = %%mdc{place}
                </labels>
                <structuredMetadata>* = %%%%kvp</structuredMetadata>
                <message><pattern>%%msg</pattern></message>
                <http>
                  <url>%s/loki/api/v1/push</url>
                  <tenantId>%s</tenantId>
                  <useProtobufApi>%s</useProtobufApi>
                </http>
                <batch><timeoutMs>1000</timeoutMs></batch>
              </appender>
              <root level="INFO"><appender-ref ref="LOKI"/></root>
            </configuration>
            """;

    public static void main(String[] arguments) throws Exception {
        var text = CONFIGURATION.formatted(arguments[0], arguments[1], arguments[3].equals("protobuf"));
        var context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        var configurator = new JoranConfigurator();
        configurator.setContext(context);
        configurator.doConfigure(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));

        var logger = LoggerFactory.getLogger("sender");
        var json = new ObjectMapper();
        // One JSON object a line: {"line": TEXT, "place": LABEL VALUE, "metadata": {NAME: TEXT}}.
        for (String written : Files.readString(Path.of(arguments[2])).strip().split("\n")) {
            JsonNode line = json.readTree(written);
            MDC.put("place", line.get("place").textValue());
            var event = logger.atInfo();
            for (var pair : line.get("metadata").properties()) {
                event = event.addKeyValue(pair.getKey(), pair.getValue().textValue());
            }
            event.log(line.get("line").textValue());
        }
        // The sender stays, as a service would, until its standard input ends; then what is left is sent.
        System.in.readAllBytes();
        context.stop();
    }
}
