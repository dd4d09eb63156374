/// The page's style sheet: a light and a dark palette, one column on a phone, and paper.
enum Style {
    /// All rules.
    static let sheet = [palette, text, tables, charts, films, player, paper].joined(separator: "\n")

    /// Colours of series follow Okabe and Ito, "Color Universal Design" (2008), darkened or lightened to
    /// stand out from the background.
    private static let palette = """
        :root{--paper:#fdfdfb;--ink:#1d2126;--quiet:#626a73;--rule:#e3e3dd;--fill:#f4f4ef;
        --c0:#0068a8;--c1:#c8500a;--c2:#00805c;--c3:#a8558a;--c4:#b07a00;--c5:#3a9fd8;--c6:#8a8f96;--c7:#1d2126}
        @media screen and (prefers-color-scheme:dark){:root{--paper:#15181c;--ink:#e6e7e4;--quiet:#9aa2aa;
        --rule:#2d3238;--fill:#1d2126;--c0:#5db1e8;--c1:#f08b4e;--c2:#3cc49b;--c3:#dd9cc4;--c4:#e6b23c;
        --c5:#9ad4f5;--c6:#8c939b;--c7:#f2f2ee}}
        .c0{color:var(--c0)}.c1{color:var(--c1)}.c2{color:var(--c2)}.c3{color:var(--c3)}
        .c4{color:var(--c4)}.c5{color:var(--c5)}.c6{color:var(--c6)}.c7{color:var(--c7)}
        .muted{color:var(--quiet)}
        """

    private static let text = """
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
        body{margin:0 auto;max-width:1120px;padding:clamp(28px,6vw,72px) clamp(18px,4vw,40px) 96px;
        background:var(--paper);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif;
        font-variant-numeric:tabular-nums}
        h1,h2,h3,.subtitle,.introduction{font-family:"Iowan Old Style","Palatino Linotype",Palatino,
        "Book Antiqua",Georgia,serif}
        h1{font-size:clamp(28px,4.6vw,42px);line-height:1.15;font-weight:600;margin:0 0 12px;
        letter-spacing:-.01em;text-wrap:balance;overflow-wrap:anywhere}
        h2{font-size:25px;line-height:1.25;font-weight:600;margin:0 0 6px}
        h3{font-size:18px;font-weight:600;font-style:italic;margin:28px 0 8px}
        .subtitle{font-size:19px;line-height:1.5;color:var(--quiet);margin:0;max-width:46em;text-wrap:pretty}
        .introduction{font-size:17px;color:var(--quiet);margin:0 0 18px;max-width:46em}
        section{margin-top:72px;scroll-margin-top:24px}
        section>h2+:not(p){margin-top:18px}
        nav{display:flex;flex-wrap:wrap;gap:4px 22px;margin-top:32px;font-size:14px}
        a{color:var(--c0);text-underline-offset:3px;text-decoration-thickness:1px}
        dl,dd,dt,ul{margin:0;padding:0}
        .figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:28px 32px;
        margin-top:40px;padding:26px 0;border-top:1px solid var(--rule);border-bottom:1px solid var(--rule)}
        .figures dt{color:var(--quiet);font-size:13.5px}
        .figures b{display:block;overflow-wrap:anywhere;font-size:32px;line-height:1.25;font-weight:500;letter-spacing:-.015em}
        .figures small{display:block;color:var(--quiet);font-size:13px}
        .facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(140px,1fr));gap:16px 32px}
        .facts dt{color:var(--quiet);font-size:13px}
        .facts dd{overflow-wrap:anywhere}
        pre{background:var(--fill);border-radius:6px;padding:16px 18px;overflow-x:auto;margin:24px 0 0;
        font:13px/1.7 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
        .nothing{color:var(--quiet);font-style:italic}
        """

    private static let tables = """
        .table{margin:0 0 28px;min-width:0}
        .table figcaption{color:var(--quiet);font-size:13.5px;margin-bottom:8px;text-wrap:pretty}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-size:14px}
        th,td{padding:7px 0 7px 22px;text-align:right;white-space:nowrap;font-weight:400}
        th:first-child{text-align:left;padding:7px 0;position:sticky;left:0;background:var(--paper)}
        tbody th:first-child{white-space:normal;overflow-wrap:anywhere;min-width:130px}
        thead th{color:var(--quiet);font-size:13px;border-bottom:1px solid var(--ink);vertical-align:bottom}
        tbody tr+tr>*{border-top:1px solid var(--rule)}
        tbody tr:last-child>*{border-bottom:1px solid var(--ink)}
        td.best{font-weight:650}
        td small{display:block;color:var(--quiet);font-size:11.5px;line-height:1.3}
        td.better{color:var(--c2);font-weight:650}
        td.worse{color:var(--c1)}
        th.group{font-style:italic}
        th.member{padding-left:16px}
        .remark{color:var(--quiet);font-size:13.5px;margin:-4px 0 10px}
        details{margin:28px 0 0}
        summary{cursor:pointer;color:var(--c0);margin-bottom:18px}
        .charts+.table,.charts+h3,details+.table{margin-top:44px}
        """

    private static let charts = """
        svg{display:block;width:100%;height:auto;overflow:visible}
        figure{margin:0}
        .charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,310px),1fr));gap:36px 40px}
        .chart{max-width:440px;min-width:0;width:100%}
        .chart.wide{grid-column:1/-1;max-width:420px}
        .pair{display:flex;flex-wrap:wrap;gap:28px 48px;align-items:flex-start}
        .pair>.chart{flex:1 1 320px}
        .pair>.table{flex:8 1 520px;max-width:100%}
        .chart figcaption{font-weight:600;font-size:14.5px;margin-bottom:6px}
        .chart.wide figcaption{font-weight:400;color:var(--quiet)}
        .legend{list-style:none;display:flex;flex-wrap:wrap;gap:2px 16px;margin:0 0 8px;font-size:13px}
        .legend li{display:flex;align-items:center;gap:6px}
        .legend svg{width:18px;flex:none}
        .legend .swatch svg{width:26px}
        .multiples{display:grid;grid-template-columns:repeat(auto-fit,minmax(124px,1fr));gap:16px}
        .small figcaption{font-size:13px;color:var(--quiet);overflow-wrap:anywhere}
        .small{max-width:220px}
        svg text{font-size:11px;fill:var(--ink)}
        svg .tick,svg .name,svg .note{fill:var(--quiet)}
        svg .row{font-size:12.5px;stroke:var(--paper);stroke-width:5;paint-order:stroke}
        svg .strong{font-size:12px;font-weight:600;stroke:var(--paper);stroke-width:4;paint-order:stroke}
        .grid{stroke:var(--rule);stroke-width:1}
        .axis{stroke:var(--quiet);stroke-width:1}
        .line{fill:none;stroke:currentColor;stroke-width:1.8;stroke-linejoin:round;stroke-linecap:round}
        .dense{stroke-width:1.4;opacity:.9}
        .dashed{stroke-dasharray:5 4}
        .dotted{stroke-dasharray:1.5 4}
        .dot{fill:currentColor;stroke:var(--paper);stroke-width:1}
        .hollow{fill:var(--paper);stroke:currentColor;stroke-width:1.6}
        .touch{fill:transparent}
        .touch:hover{fill:currentColor}
        .bar{fill:currentColor;opacity:.82}
        .bar:hover{opacity:1}
        .interval{stroke:currentColor;stroke-width:2;stroke-linecap:round;opacity:.55}
        .reach{stroke:currentColor;stroke-width:1;opacity:.38}
        .reference{stroke:var(--ink);stroke-width:1;stroke-dasharray:4 3}
        .mark{stroke:var(--ink);stroke-width:1.2}
        .original{fill:none;stroke:var(--quiet);stroke-width:4;opacity:.42;stroke-linejoin:round}
        .reconstructed{fill:none;stroke:currentColor;stroke-width:1.3;stroke-linejoin:round}
        """

    private static let films = """
        .films{display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:24px}
        video{display:block;width:100%;border-radius:4px;background:var(--fill)}
        .film figcaption{display:flex;justify-content:space-between;gap:10px;font-size:13.5px;margin-top:6px}
        .film figcaption span:first-child{min-width:0;overflow-wrap:anywhere}
        .film small{color:var(--quiet);font-size:inherit;white-space:nowrap}
        .solved,.failed{white-space:nowrap}
        .solved{color:var(--c2)}
        .failed{color:var(--c1)}
        """

    /// An episode's videos and numbers in step.
    private static let player = """
        .player{display:flex;flex-wrap:wrap;align-items:center;gap:16px;position:sticky;top:0;z-index:1;margin:20px 0 8px;
        padding:10px 0;background:var(--paper);border-bottom:1px solid var(--rule)}
        .player button{font:inherit;min-width:76px;padding:5px 14px;border:1px solid var(--quiet);border-radius:6px;
        background:var(--fill);color:var(--ink);cursor:pointer}
        .player input{flex:1 1 160px;accent-color:var(--c0)}
        .player output{min-width:190px;text-align:right;color:var(--quiet);font-size:13.5px}
        .step{margin-top:30px}
        .step figcaption{font-weight:600;font-size:14.5px}
        .step ul{list-style:none;display:flex;flex-wrap:wrap;gap:2px 20px;margin:4px 0 6px;font-size:13px}
        .step li span{color:var(--ink)}
        .step li::before{content:"";display:inline-block;width:16px;margin-right:6px;vertical-align:middle;
        border-top:2px solid currentColor}
        .step b{display:inline-block;min-width:64px;font-weight:500}
        .step svg{cursor:crosshair}
        @media screen and (max-width:700px){.step{overflow-x:auto}.step svg{min-width:700px}
        .step svg text{font-size:15px}}
        """

    private static let paper = """
        @media print{@page{margin:18mm 16mm}
        body{padding:0;max-width:none;font-size:10.5pt;-webkit-print-color-adjust:exact;
        print-color-adjust:exact}
        nav,video{display:none}
        section{margin-top:32pt}
        h2,h3,figcaption,.introduction{break-after:avoid}
        figure,tr,.figures>div,pre{break-inside:avoid}
        .charts{grid-template-columns:repeat(3,1fr);gap:18pt}
        .pair{display:grid;grid-template-columns:62mm 1fr;gap:8mm}
        .multiples{grid-template-columns:repeat(7,1fr);gap:6pt}
        .figures{gap:14pt}
        .figures b{font-size:17pt}
        table{font-size:8.5pt}
        .scroll{overflow:visible}
        th,td{padding-left:8pt}
        thead th{white-space:normal;font-size:8pt}
        pre{white-space:pre-wrap}
        a{color:inherit;text-decoration:none}}
        """
}
