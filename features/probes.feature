# Faults on single requests, found by their trace, while healthy ones go on
# beside them: what one operation makes of one fault.
Feature: probes

  Scenario: single requests that cannot have payment
    Given the experiment "probes/payment"
    When the baseline phase "baseline" lasts 1s
    And stream "createOrder" sends 40 requests per second of "createOrder", with constant arrivals, each recorded
    When the fault phase "503" lasts 8.3s
    And "payment" answers status 503 to "createOrder without payment"
    And stream "createOrder" sends 40 requests per second of "createOrder", with constant arrivals, each recorded
    And stream "createOrder without payment" sends 4 requests per second of "createOrder", with constant arrivals, each recorded
    Then the claim "resilience/retry-bounded/payment" is judged
    And the claim "resilience/fault-matrix/payment" is judged

  Scenario: kept connections that inventory has closed
    Given the experiment "probes/kept"
    When the fault phase "stale" lasts 2.4s
    And "inventory" has closed the connection to "getProduct without inventory" for the first 1 attempts
    And stream "getProduct" sends 40 requests per second of "getProduct", with constant arrivals, each recorded
    And stream "getProduct without inventory" sends 8 requests per second of "getProduct", with constant arrivals, each recorded
    Then the claim "resilience/stale-connection/inventory" is judged

  Scenario: clients who do not wait for inventory to answer
    Given the experiment "probes/left"
    When the fault phase "hang" lasts 4s
    And "inventory" hangs to "getProduct left"
    And stream "getProduct" sends 40 requests per second of "getProduct", with constant arrivals, each recorded
    And stream "getProduct left" sends 4 requests per second of "getProduct", with constant arrivals, each recorded, whose clients leave after 200ms
    Then the claim "resilience/cancel-on-disconnect/inventory" is judged
